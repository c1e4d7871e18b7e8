/** The key-value configuration of name servers. Each keeps its own. */
import { DELETE_KV_CONFIG, GET_KVLIST_BY_NAMESPACE, PUT_KV_CONFIG, QUERY_NOT_FOUND, SUCCESS } from '../remoting/codes';
import { sharedReading } from '../remoting/shared-reading';
import { bodyOf, type Servers } from './servers';

export interface KeyValues {
  /** A namespace, from each name server that answers. Empty when none does. The same object where nothing has changed. */
  keyValues(namespace: string): Promise<ReadonlyMap<string, string>[]>;
  /** Sets a value on every name server. @returns how many took it, in time, and how many there are */
  putKeyValue(namespace: string, key: string, value: string): Promise<{ readonly taken: number; readonly of: number }>;
  /** Removes a key from every name server. @returns how many have it no longer */
  deleteKeyValue(namespace: string, key: string): Promise<number>;
}

/** KVTable.java */
interface KeyValueTable {
  readonly table?: Readonly<Record<string, string>>;
}

const NOTHING = Buffer.alloc(0);

export function keyValues({ askEachNameServer }: Servers): KeyValues {
  /** What was read last, by namespace: as a rule it is the same again. */
  const last = new Map<
    string,
    { readonly bodies: readonly Buffer[]; readonly tables: ReadonlyMap<string, string>[] }
  >();
  const read = async (namespace: string): Promise<ReadonlyMap<string, string>[]> => {
    const { answers } = await askEachNameServer(GET_KVLIST_BY_NAMESPACE, { namespace }, [QUERY_NOT_FOUND]);
    const bodies = answers.map(({ code, body }) => (code === SUCCESS ? body : NOTHING));
    const former = last.get(namespace);
    const isSame = former?.bodies.length === bodies.length && bodies.every((body, i) => former.bodies[i]?.equals(body));
    if (former !== undefined && isSame) return former.tables;
    const tables = answers.map(answer => {
      const { table = {} } = answer.code === SUCCESS ? bodyOf<KeyValueTable>(answer) : {};
      return new Map(Object.entries(table));
    });
    last.set(namespace, { bodies, tables });
    return tables;
  };
  return {
    keyValues: sharedReading(read),
    async putKeyValue(namespace, key, value) {
      const { answers, asked } = await askEachNameServer(PUT_KV_CONFIG, { namespace, key, value });
      return { taken: answers.length, of: asked };
    },
    async deleteKeyValue(namespace, key) {
      const { answers } = await askEachNameServer(DELETE_KV_CONFIG, { namespace, key });
      return answers.length;
    },
  };
}
