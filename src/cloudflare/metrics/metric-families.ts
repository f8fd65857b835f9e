/**
 * @module Metrics by name, ready for an exporter: names and tags are such that Prometheus takes them, and no two series have the same ones.
 */

/** One name with all its series. */
export interface MetricFamily {
  /** As Airflow and authors write it, without the prefix: `ti.finish`. */
  readonly name: string;
  /** The name for Prometheus: `airflow_ti_finish`. */
  readonly exportedName: string;
  /** `counter` only ever rises; `timing` is a sum of seconds and a count. */
  readonly kind: "counter" | "gauge" | "timing";
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  readonly tags: Readonly<Record<string, string>>;
  /** Of a timing: the sum. */
  readonly value: number;
  /** How many values a timing has. */
  readonly count: number;
  /** Epoch ms from which on it is counted. */
  readonly since: number;
}

interface Family extends MetricFamily {
  kind: MetricFamily["kind"];
  readonly bySeries: Map<string, MetricSample>;
}

export class MetricFamilies {
  readonly #families = new Map<string, Family>();
  /** Names of samples, so that `x_count` cannot come from two families. */
  readonly #taken = new Map<string, string>();
  /** Samples that were left out because their name is another metric's. */
  refused = 0;

  /** Adds a sample; one with the same name and tags is added up. */
  add(kind: MetricFamily["kind"], name: string, sample: MetricSample): void {
    const family = this.#family(kind, name);
    if (family === null) {
      this.refused += 1;
      return;
    }
    const tags = labelsOf(sample.tags);
    const key = JSON.stringify(tags);
    const known = family.bySeries.get(key);
    const added =
      known === undefined
        ? { ...sample, tags }
        : {
            tags,
            value: known.value + sample.value,
            count: known.count + sample.count,
            since: Math.min(known.since, sample.since),
          };
    family.bySeries.set(key, added);
  }

  list(): readonly MetricFamily[] {
    return [...this.#families.values()].map(({ bySeries, name, exportedName, kind }) => ({
      name,
      exportedName,
      kind,
      samples: [...bySeries.values()],
    }));
  }

  /** A counter that was decreased once is a gauge, and so is its whole family. */
  #family(kind: MetricFamily["kind"], name: string): Family | null {
    const exportedName = `airflow_${name.replaceAll(/[^A-Za-z0-9_]/g, "_")}`;
    const known = this.#families.get(exportedName);
    if (known !== undefined) {
      if ((known.kind === "timing") !== (kind === "timing")) return null;
      if (kind === "gauge") known.kind = "gauge";
      return known;
    }
    const own = kind === "timing" ? [exportedName, `${exportedName}_sum`, `${exportedName}_count`] : [exportedName];
    if (own.some((sampleName) => this.#taken.has(sampleName))) return null;
    for (const sampleName of own) this.#taken.set(sampleName, exportedName);
    const family: Family = { name, exportedName, kind, samples: [], bySeries: new Map() };
    this.#families.set(exportedName, family);
    return family;
  }
}

/** Tags under names that Prometheus takes, in one order. */
function labelsOf(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const labels = Object.entries(tags).map(([tag, value]) => [labelName(tag), value] as const);
  return Object.fromEntries(labels.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Letters, digits and `_`; `__` in front is reserved. */
function labelName(tag: string): string {
  const name = tag.replaceAll(/[^A-Za-z0-9_]/g, "_");
  return /^([0-9]|__|$)/.test(name) ? `tag_${name.replace(/^_+/, "")}` : name;
}
