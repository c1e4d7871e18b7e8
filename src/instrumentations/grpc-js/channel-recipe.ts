/** What a channel of the application is made of, and what another one like it is made of that goes elsewhere. */
import { type Address, hostHeader } from '../../routing/address';

type Options = Readonly<Record<string, unknown>>;

export interface Recipe {
  readonly called: Address;
  /** What comes before the address in its target: `dns:`, `dns://8.8.8.8/`. */
  readonly scheme: string;
  /** The `:authority` of its calls that name none. */
  readonly authority: string;
  readonly credentials: unknown;
  readonly options: Options;
}

/** Where a sibling goes. */
interface Target extends Address {
  readonly takesHost: boolean;
}

/** A name, as targets have it that are looked up by the DNS. Those of any other kind name no service. */
const TARGET = /^(dns:(?:\/\/[^/]*\/)?)?(([^:/[\]]+)(?::(\d+))?)$/;
/** Where a target names none: `DEFAULT_PORT` of the library's DNS resolver. */
const DEFAULT_PORT = 443;

const AUTHORITY = 'grpc.default_authority';
const SERVER_NAME = 'grpc.ssl_target_name_override';

/** @param args of `ChannelImplementation`: `target`, `credentials`, `options`. Undefined: its calls stay. */
export function recipeOf([target, credentials, given]: readonly unknown[]): Recipe | undefined {
  const [, scheme = '', address, host, port] = TARGET.exec(String(target)) ?? [];
  if (address === undefined || host === undefined || checksServer(credentials)) return undefined;
  const options = (given ?? {}) as Options;
  const authority = String(options[AUTHORITY] ?? address);
  return { called: { host, port: Number(port ?? DEFAULT_PORT) }, scheme, authority, credentials, options };
}

export function siblingArguments({ called, scheme, credentials, options }: Recipe, to: Target): unknown[] {
  // The server is asked for by the name that the application called, and has to prove that it is that.
  const name = to.takesHost ? {} : { [SERVER_NAME]: options[SERVER_NAME] ?? called.host };
  return [scheme + hostHeader(to), credentials, { ...options, ...name }];
}

/**
 * Whether the application checks servers by a function of its own, in the versions up to 1.12, where it can be seen. Those before
 * 1.10 would no longer ask it where the name of the server is given.
 */
function checksServer(credentials: unknown): boolean {
  const { _getConnectionOptions } = credentials as {
    _getConnectionOptions?(): { readonly checkServerIdentity?: unknown } | null;
  };
  return _getConnectionOptions?.call(credentials)?.checkServerIdentity !== undefined;
}
