import type { Credentials } from '../../names/credentials';

/**
 * The fields of a command with the account and the signature added, as the client libraries do it (source:
 * AclClientRPCHook.java and AclUtils.java, 4.9.7; the same for the authentication of 5.x): base64 of HMAC-SHA1, under the
 * secret key, over all fields' values in the order of their names, then the body.
 *
 * @param extFields of the command, without a signature
 */
export function signedFields(
  extFields: Readonly<Record<string, string>>,
  body: Buffer,
  { accessKey, secretKey, securityToken }: Credentials,
): Record<string, string> {
  // Loaded here: most processes never sign anything, and must not pay for it at start.
  const { createHmac } = require('node:crypto') as typeof import('node:crypto');
  const fields: Record<string, string> = { ...extFields, AccessKey: accessKey };
  if (securityToken) fields.SecurityToken = securityToken;
  const hmac = createHmac('sha1', secretKey);
  // Without a comparison of its own, sort() orders by UTF-16 units, as Java's TreeMap of strings does.
  for (const name of Object.keys(fields).sort()) hmac.update(fields[name] ?? '');
  return { ...fields, Signature: hmac.update(body).digest('base64') };
}
