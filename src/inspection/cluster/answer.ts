/** What a server said, or why it is not known. */
import { errorText } from '../../foreign-objects/error-text';
import type { Credentials } from '../../names/credentials';

export type Answer<T> = { readonly value: T } | NoAnswer;

export interface NoAnswer {
  /** In one line, without the account. */
  readonly problem: string;
  /** The server answered, and refused; else nobody did. */
  readonly isRefusal: boolean;
}

export function isKnown<T>(answer: Answer<T>): answer is { readonly value: T } {
  return 'value' in answer;
}

export function valueIn<T>(answer: Answer<T> | undefined): T | undefined {
  return answer !== undefined && isKnown(answer) ? answer.value : undefined;
}

/** Settles a question as an answer. Never rejects. */
export type Settle = <T>(question: Promise<T>) => Promise<Answer<T>>;

/** @param credentials what problems do not name: see {@link withoutAccount} */
export function settling(credentials: Credentials | undefined): Settle {
  return async question => {
    try {
      return { value: await question };
    } catch (error) {
      const isRefusal = (error as { name?: unknown } | null)?.name === 'BrokerAdministrationError';
      return { problem: withoutAccount(errorText(error), credentials).replace(/\s*[\r\n]+\s*/g, ' '), isRefusal };
    }
  };
}

/** Servers name the account in what they say of it; people do not get to see it. */
export function withoutAccount(text: string, credentials: Credentials | undefined): string {
  const { accessKey, secretKey, securityToken } = credentials ?? {};
  return [secretKey, securityToken, accessKey].reduce<string>(
    (clean, secret) => (secret ? clean.replaceAll(secret, '***') : clean),
    text,
  );
}
