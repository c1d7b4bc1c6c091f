/** Values that a later reading of the same sensor and time took the place of, as the server counts them for all its traffic. */
import { get, type ServerAddress } from './http-client.ts';

export interface OverwrittenCount {
  /** The server counts from here on. */
  readonly since: string;
  readonly count: number;
}

/** @returns undefined where the server does not know all of them. @throws SimulationFailed where it does not answer. */
export async function overwrittenOn(server: ServerAddress): Promise<OverwrittenCount | undefined> {
  const { account } = (await (await get(server, '/pipeline')).json()) as {
    readonly account?: { readonly since: string; readonly overwritten: number | null };
  };
  if (account === undefined || account.overwritten === null) return undefined;
  return { since: account.since, count: account.overwritten };
}

/** How many there were between two looks; undefined where that is not known. */
export function overwrittenBetween(
  before: OverwrittenCount | undefined,
  after: OverwrittenCount | undefined,
): number | undefined {
  return before === undefined || after?.since !== before.since ? undefined : after.count - before.count;
}
