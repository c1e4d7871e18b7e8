/** Where messages of other environments are left out, the broker or the client, and what people are told of it. */
import type { Settings } from '../../config/settings';
import { groupLines } from '../../lines/groups';
import { textWithCode } from '../../lines/line';
import type { Log } from '../../log';
import type { FilterObstacle } from '../administration/group-preparation';
import type { Intake } from '../hand-over/intake';
import type { ClientKind } from './client';

/** `GRAY_MQ_FILTER_SIDE=broker` where the broker cannot: for the application, since its consumer must not start. */
export class FilterSideError extends Error {
  override readonly name = 'FilterSideError';
}

export interface FilterSide {
  /**
   * Decides it for a new consumer.
   * @throws FilterSideError when the brokers are to filter and the client cannot ask them to
   */
  settle(intake: Intake, client: ClientKind): void;
  /**
   * The brokers do not filter for a consumer: the client does, if it may. `retry`: from now on, so that what failed will not
   * fail again.
   */
  onBrokerCannot(intake: Intake, obstacle: FilterObstacle): 'retry' | 'pass';
}

export function filterSide({ mqFilterSide }: Pick<Settings, 'mqFilterSide'>, log: Log): FilterSide {
  const sayClientFilters = (reason: string) => log.say(groupLines.filteredInClient, { reason });

  return {
    settle(intake, { name, knowsSql92 }) {
      if (!intake.isFiltered) return;
      if (intake.side === 'client') return sayClientFilters('GRAY_MQ_FILTER_SIDE=client');
      if (knowsSql92) return;
      const reason = `consumers of ${name} know no SQL92 filters`;
      if (mqFilterSide === 'broker') {
        throw new FilterSideError(textWithCode(groupLines.clientCannotFilter, { reason }));
      }
      intake.filterInClient();
      sayClientFilters(reason);
    },

    onBrokerCannot(intake, { reason, isSwitchedOff }) {
      if (mqFilterSide === 'broker') {
        const remedy = isSwitchedOff
          ? "set enablePropertyFilter=true in the broker's configuration and restart it"
          : 'use brokers of 5.0 or later';
        log.say(groupLines.brokerCannotFilter, { reason, remedy });
        return 'pass';
      }
      const hint = isSwitchedOff ? " (enablePropertyFilter=true in the broker's configuration changes that)" : '';
      sayClientFilters(`${reason}${hint}`);
      if (intake.side === 'client') return 'pass';
      intake.filterInClient();
      return 'retry';
    },
  };
}
