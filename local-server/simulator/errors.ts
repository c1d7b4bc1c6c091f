/** The run cannot go on, and why, in words for the person who started it: the server is gone, or answers what nobody can use. */
export class SimulationFailed extends Error {
  override readonly name = 'SimulationFailed';
}
