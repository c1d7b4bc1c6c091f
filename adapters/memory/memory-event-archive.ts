/**
 * The archive in memory: every object that was put, under its key, until the process ends. It has no bound, since what
 * it drops cannot be collected again; `statistics` tells how much it holds. Bytes are copied on their way in and out, so
 * that no caller can change what is archived.
 */
import { KeyTaken } from '../../core/errors.ts';
import type { ArchivedObject, EventArchive, ListOptions } from '../../core/ports.ts';
import { SortedMap } from './sorted-map.ts';

export class MemoryEventArchive implements EventArchive {
  readonly #objects = new SortedMap<Uint8Array>();
  #bytes = 0;

  async put(key: string, body: Uint8Array): Promise<void> {
    const existing = this.#objects.get(key);
    if (existing !== undefined) {
      if (Buffer.compare(existing, body) === 0) return;
      throw new KeyTaken('archive', key, new Uint8Array(existing));
    }
    this.#bytes += body.length;
    this.#objects.set(key, new Uint8Array(body));
  }

  async list(options: ListOptions): Promise<{ readonly objects: readonly ArchivedObject[]; readonly more: boolean }> {
    const { entries, more } = this.#objects.page(options);
    return { objects: entries.map(([key, body]) => ({ key, size: body.length })), more };
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const body = this.#objects.get(key);
    return body && new Uint8Array(body);
  }

  /** How many objects are held, and the bytes of all bodies. */
  statistics(): { readonly objects: number; readonly bytes: number } {
    return { objects: this.#objects.size, bytes: this.#bytes };
  }
}
