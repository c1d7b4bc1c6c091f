/** Lists in pages, as Lambda gives them: at most `MaxItems`, and a `Marker` where more follow. */
import type { Members } from '../members.ts';
import { invalidParameter } from './context.ts';

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly NextMarker?: string;
}

export interface PageRequest {
  readonly most: number;
  readonly marker: string | undefined;
}

export function readPageRequest(members: Members, mostOfAll: number): PageRequest {
  const most = members.integer('MaxItems', { min: 1, max: 10_000 }) ?? mostOfAll;
  return { most: Math.min(most, mostOfAll), marker: members.string('Marker', {}) };
}

/** @param idOf A marker holds the id of the last item before it. @throws AwsError for a marker that no page had. */
export function pageOf<Item>(
  all: readonly Item[],
  idOf: (item: Item) => string,
  { most, marker }: PageRequest,
): Page<Item> {
  const start = marker === undefined ? 0 : 1 + all.findIndex((item) => markerOf(idOf(item)) === marker);
  if (marker !== undefined && start === 0) {
    throw invalidParameter('The marker is not one that this list gave: leave it out to begin at the first item.');
  }
  const items = all.slice(start, start + most);
  const last = items.at(-1);
  return {
    items,
    ...(last !== undefined && start + items.length < all.length && { NextMarker: markerOf(idOf(last)) }),
  };
}

function markerOf(id: string): string {
  return Buffer.from(id).toString('base64');
}
