import type { BrokerAdministration } from '../../src/rocketmq/administration/broker-administration';

/** Name servers of which only their key-value configuration is asked for, in one namespace. */
export function keyValueServers(tables: readonly Map<string, string>[]) {
  const away = new Set<number>();
  const up = () => tables.filter((_, index) => !away.has(index));
  let writes = 0;
  const administration = {
    keyValues: async () => up().map(table => new Map(table)),
    async putKeyValue(_namespace: string, key: string, value: string) {
      writes++;
      for (const table of up()) table.set(key, value);
      return { taken: up().length, of: tables.length };
    },
  } as unknown as BrokerAdministration;
  return {
    administration,
    /** Those that do not answer, by their number. */
    away,
    get writes() {
      return writes;
    },
  };
}
