/**
 * The property string of a message. The client has no user properties; but it writes keys and tags into the string that
 * carries them, `NAME \x01 value \x02 …`, as they are: what is appended to one of them behind a separator is a property
 * like any other to brokers and consumers, and keys and tags are read without it (run on 5.5.0, 4.9.7 and 4.5.2).
 *
 * Source: MessageDecoder.java of the servers; MQDecoder.cpp and CMessage.cpp of the C++ SDK 1.2.0.
 */

/** `MessageDecoder.NAME_VALUE_SEPARATOR` */
const NAME_VALUE_SEPARATOR = '\x01';
/** `MessageDecoder.PROPERTY_SEPARATOR` */
const PROPERTY_SEPARATOR = '\x02';

/** What an application may say of a message, as far as the client reads it: texts, everything else counts as absent. */
export interface SendOptions {
  readonly keys?: unknown;
  readonly tags?: unknown;
}

/** What is sent in the place of the application's. */
export interface PropertyChanges {
  keys?: string;
  tags?: string;
}

/**
 * What has to be sent so that a message has these properties, and none that the application smuggles in: its keys and tags
 * are sent without separators.
 *
 * With keys alone a message of an application that gives neither keys nor tags has no keys on brokers of 4.9 and later; on
 * 4.5 it has an empty one. Hence keys are only used where there are some, else tags, else keys after all.
 *
 * @param properties by name; neither names nor values have a separator in them
 */
export function propertyChanges(options: SendOptions, properties: Readonly<Record<string, string>>): PropertyChanges {
  const { keys, tags } = options;
  const changes: PropertyChanges = {};
  if (hasSeparators(keys)) changes.keys = withoutSeparators(keys);
  if (hasSeparators(tags)) changes.tags = withoutSeparators(tags);
  const added = Object.entries(properties).map(
    ([name, value]) => `${PROPERTY_SEPARATOR}${name}${NAME_VALUE_SEPARATOR}${value}`,
  );
  if (added.length === 0) return changes;
  const [ownKeys, ownTags] = [asRead(changes.keys ?? keys), asRead(changes.tags ?? tags)];
  if (ownKeys === '' && ownTags !== '') changes.tags = ownTags + added.join('');
  else changes.keys = ownKeys + added.join('');
  return changes;
}

/** Whether a value would have become more than one property. */
export function hasSeparators(value: unknown): value is string {
  return typeof value === 'string' && (value.includes(NAME_VALUE_SEPARATOR) || value.includes(PROPERTY_SEPARATOR));
}

function withoutSeparators(text: string): string {
  return text.replaceAll(NAME_VALUE_SEPARATOR, '').replaceAll(PROPERTY_SEPARATOR, '');
}

/** As the client reads a value: a C string, up to the first NUL. */
function asRead(value: unknown): string {
  return typeof value === 'string' ? (value.split('\0', 1)[0] ?? '') : '';
}
