/** What was done to a canary's group, and what to do by hand where that failed. */
import { errorText } from '../../foreign-objects/error-text';
import { groupHint } from '../../lines/groups';
import { RemotingError } from '../remoting/connection';
import type { Broker } from './broker';
import type { BrokerAdministration } from './broker-administration';
import type { GroupSettings } from './groups';
import { createGroupCommand } from './mqadmin-command';
import { lastingSettings, type PausedGroup } from './paused-group';
import { BrokerAdministrationError, isRefusal } from './refusal';

/** What was done to have a canary's consumer group. */
export interface PreparedGroup {
  /** Names of the brokers on which the group was created. */
  readonly created: readonly string[];
  /** Those of them on which there is no baseline group whose settings it could have. */
  readonly createdAlone: readonly string[];
  /** Names of the brokers on which it existed. */
  readonly used: readonly string[];
  /** How many queues the group was set to start on where the baseline group stands. */
  readonly offsets: number;
  /** Those on which it exists and may not consume. */
  readonly paused: readonly PausedGroup[];
}

/** A broker on which the group could not be made ready. */
export interface BrokerFailure {
  readonly broker: Broker;
  readonly error: unknown;
}

/** The group is not ready on every broker; `hint` tells in one line what to do by hand. */
export class CanaryGroupError extends Error {
  override readonly name = 'CanaryGroupError';
  readonly hint: string;
  /** What succeeded nevertheless. */
  readonly prepared: PreparedGroup;
  /** Empty when not even the brokers could be found out. */
  readonly failures: readonly BrokerFailure[];

  constructor(
    message: string,
    details: { hint: string; prepared: PreparedGroup; failures: readonly BrokerFailure[]; cause: unknown },
  ) {
    super(message, { cause: details.cause });
    this.hint = details.hint;
    this.prepared = details.prepared;
    this.failures = details.failures;
  }
}

/** No name server took what is to be written down of a group. */
export class MarkerNotTakenError extends Error {
  override readonly name = 'MarkerNotTakenError';

  constructor(canaryGroup: string) {
    super(`no name server took the marker of ${canaryGroup}`);
  }
}

/** What to do by hand, where an error tells it; else its words. */
export function hintOf(error: unknown): string {
  return (error as { readonly hint?: string } | null)?.hint ?? errorText(error);
}

/** Servers are away or overloaded: what they would say is not known. Otherwise one of them has said something. */
export function isUnanswered(error: unknown): boolean {
  if (error instanceof CanaryGroupError) {
    const { failures, cause } = error;
    return failures.length > 0 ? failures.every(failure => isUnanswered(failure.error)) : isUnanswered(cause);
  }
  if (error instanceof RemotingError || error instanceof MarkerNotTakenError) return true;
  return error instanceof BrokerAdministrationError && !isRefusal(error);
}

interface Asked {
  readonly administration: BrokerAdministration;
  readonly canaryGroup: string;
}

/** Not even the brokers could be found out. */
export function unprepared({ administration, canaryGroup }: Asked, cause: unknown): CanaryGroupError {
  const { namesrv } = administration;
  const command = createGroupCommand('<name server>', { cluster: '<cluster>' }, canaryGroup);
  return new CanaryGroupError(`consumer group ${canaryGroup} could not be looked up: ${errorText(cause)}`, {
    hint: hint(canaryGroup, `name server ${namesrv}: ${errorText(cause)}`, command),
    prepared: { created: [], createdAlone: [], used: [], offsets: 0, paused: [] },
    failures: [],
    cause,
  });
}

/** Some brokers failed. */
export function partlyPrepared(
  { administration, canaryGroup }: Asked,
  prepared: PreparedGroup,
  failures: readonly BrokerFailure[],
  brokers: readonly Broker[],
  baselines: ReadonlyMap<Broker, GroupSettings | undefined>,
): CanaryGroupError {
  // What the others have is the likeliest for a broker that could not be asked.
  const settingsOn = (broker?: Broker) => {
    const settings = (broker && baselines.get(broker)) ?? [...baselines.values()].find(Boolean);
    return settings && lastingSettings(settings);
  };
  const { namesrv } = administration;
  const commands =
    failures.length === brokers.length
      ? [...new Set(brokers.map(({ cluster }) => cluster))].map(cluster =>
          createGroupCommand(namesrv, { cluster }, canaryGroup, settingsOn()),
        )
      : failures.map(({ broker }) =>
          createGroupCommand(
            namesrv,
            { address: broker.address ?? `<master of ${broker.name}>` },
            canaryGroup,
            settingsOn(broker),
          ),
        );
  const problems = failures.map(({ broker, error }) => `${broker.name}: ${errorText(error)}`).join('; ');
  return new CanaryGroupError(`consumer group ${canaryGroup} is not ready on ${problems}`, {
    hint: hint(canaryGroup, problems, commands.join(' && ')),
    prepared,
    failures,
    cause: failures[0]?.error,
  });
}

function hint(canaryGroup: string, problem: string, command: string): string {
  return groupHint({ group: canaryGroup, problem, command }).replace(/\s*[\r\n]+\s*/g, ' ');
}
