/** Errors are few and named after what the caller can do about them; who speaks HTTP maps them to status codes. */

/** A port could not do its work now. The same call may succeed later: retry it, do not skip it. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly store: string;

  /** @param store What was asked, for instance `archive`. @param problem What it could not do. */
  constructor(store: string, problem: string, options?: ErrorOptions) {
    super(`${store}: ${problem}`, options);
    this.store = store;
  }
}

/** The caller asked for something that can never work as asked: change the request. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
  readonly field: string;

  /** @param field Which part of the request. @param problem What is wrong with it and what is expected. */
  constructor(field: string, problem: string, options?: ErrorOptions) {
    super(`${field}: ${problem}`, options);
    this.field = field;
  }
}

/** A port has other bytes under the key, and changed nothing. The same call fails again; another key may be free. */
export class KeyTaken extends Error {
  override readonly name = 'KeyTaken';
  /** What is under the key. */
  readonly existing: Uint8Array;

  constructor(store: string, key: string, existing: Uint8Array, options?: ErrorOptions) {
    super(`${store}: holds other bytes under ${key}`, options);
    this.existing = existing;
  }
}

/** An object is larger than anything that this project makes, and is not read: it would fill the memory. */
export class ObjectTooLarge extends Error {
  override readonly name = 'ObjectTooLarge';

  constructor(store: string, key: string, bytes: number, most: number) {
    super(`${store}: ${key} has ${bytes} bytes, and objects of more than ${most} are not read here`);
  }
}
