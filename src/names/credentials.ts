/** An account of a broker with access control, as given to the client library. */
export interface Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  /** Of a temporary account. */
  readonly securityToken?: string | undefined;
}
