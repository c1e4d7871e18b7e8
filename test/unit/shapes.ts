/** What V8 thinks of an object: what makes code slow that looks as if it were not. */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--allow-natives-syntax');

/** False: its properties are in a dictionary. */
export const hasFastProperties = new Function('object', 'return %HasFastProperties(object)') as (
  object: object,
) => boolean;

/** False: code that reads both has to look each property up in two ways. */
export const haveSameShape = new Function('one', 'other', 'return %HaveSameMap(one, other)') as (
  one: object,
  other: object,
) => boolean;
