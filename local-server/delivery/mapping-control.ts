/**
 * What a person or an AWS client can ask of an event source mapping while it runs: what it is, and to change it, as with
 * Lambda's Get- and UpdateEventSourceMapping.
 */
import { checkEventSourceMapping, type EventSourceMappingSettings } from '../../core/pipeline.ts';
import type { EpochMillis } from '../../core/ports.ts';

/**
 * As Lambda names them (EventSourceMappingConfiguration). A mapping that is being disabled or updated finishes the invocations
 * that are in flight first.
 */
export type MappingStateName = 'Creating' | 'Enabling' | 'Enabled' | 'Disabling' | 'Disabled' | 'Updating';

/**
 * Lambda's own words, as the Developer Guide and the output of real mappings show them. Chosen: a throttled function and a
 * partial response count as a failed call too, as no other words were found.
 */
export type ProcessingResult = 'No records processed' | 'OK' | 'PROBLEM: Function call failed';

export interface MappingDescription {
  readonly uuid: string;
  /** Full name of the function, `<stack>-<name>`. */
  readonly functionName: string;
  readonly functionArn: string;
  readonly streamArn: string;
  readonly settings: EventSourceMappingSettings;
  readonly state: MappingStateName;
  /** Lambda says this of a mapping that its user created or changed (Developer Guide, "Lambda event source mappings"). */
  readonly stateTransitionReason: 'User action';
  /** When it was created or changed, or its state changed. */
  readonly lastModified: EpochMillis;
  readonly lastProcessingResult: ProcessingResult;
}

/** What can be changed. As on AWS, the starting position cannot. What is not given stays. */
export interface MappingChanges extends Partial<
  Omit<EventSourceMappingSettings, 'startingPosition' | 'startingPositionTimestamp'>
> {
  readonly enabled?: boolean;
}

export interface MappingControl {
  describe(): MappingDescription;
  /**
   * Begins the change and answers at once, with the state on the way (`Updating`, `Disabling`, `Enabling`). The mapping goes on
   * at its checkpoint; what was done behind it is delivered again.
   * @throws InvalidRequest where Lambda would refuse the settings.
   * @throws MappingInUse while an earlier change is under way.
   */
  update(changes: MappingChanges): MappingDescription;
}

/** UpdateEventSourceMapping answers ResourceInUseException (400) then. */
export class MappingInUse extends Error {
  override readonly name = 'MappingInUse';

  constructor(functionName: string, state: MappingStateName) {
    super(
      `the event source mapping of ${functionName} is ${state} and cannot be changed until that is done; try again soon`,
    );
  }
}

/** @throws InvalidRequest where Lambda would refuse the settings. */
export function changedSettings(
  settings: EventSourceMappingSettings,
  changes: Omit<MappingChanges, 'enabled'>,
  now: EpochMillis,
): EventSourceMappingSettings {
  const changed = { ...settings, ...changes };
  checkEventSourceMapping(changed, now);
  return changed;
}
