/**
 * @module What S3 and R2 have in common, so that a sensor or an operator works with either.
 */

export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly etag: string;
  readonly lastModified: Date;
}

export interface WriteOptions {
  /** False: throws `invalid_request` when the key exists. Default true. */
  readonly replace?: boolean;
  readonly contentType?: string;
}

export interface ListOptions {
  readonly prefix?: string;
  /** Only keys after this one. */
  readonly startAfter?: string;
}

/** A bucket's objects by key. A bucket left out is the connection's. */
export interface ObjectStoreHook {
  /** Null when there is no such object. */
  headObject(key: string, bucket?: string): Promise<StoredObject | null>;
  checkForKey(key: string, bucket?: string): Promise<boolean>;
  /** The whole object as text. Throws `object_not_found`. */
  readKey(key: string, bucket?: string): Promise<string>;
  /** The object as it comes. Throws `object_not_found`. */
  readStream(key: string, bucket?: string): Promise<ReadableStream<Uint8Array>>;
  loadString(text: string, key: string, bucket?: string, options?: WriteOptions): Promise<void>;
  loadBytes(bytes: Uint8Array, key: string, bucket?: string, options?: WriteOptions): Promise<void>;
  /** All objects under a prefix, in the order of their keys, fetched in pages of up to 1,000. */
  listObjects(options?: ListOptions, bucket?: string): AsyncIterable<StoredObject>;
  /** Their keys. */
  listKeys(options?: ListOptions, bucket?: string): Promise<string[]>;
  /** Removes them; a key that does not exist is no error. */
  deleteObjects(keys: readonly string[], bucket?: string): Promise<void>;
}
