/**
 * @module Seeds that once found a fault. They run first.
 */
export const REGRESSION_SEEDS: readonly number[] = [1, 5238];
