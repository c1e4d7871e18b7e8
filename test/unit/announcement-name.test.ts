import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  announcementGroup,
  announcerClientId,
  parseAnnouncementGroup,
  parseAnnouncer,
} from '../../src/rocketmq/presence/announcement-name';

describe('a name on a broker says who announces what', () => {
  it('for any group', () => {
    const kinds = fc.constantFrom('canary' as const, 'stand-in' as const, 'declared' as const, 'baseline' as const);
    fc.assert(
      fc.property(kinds, fc.string({ minLength: 1 }), (kind, group) => {
        expect(parseAnnouncementGroup(announcementGroup(kind, group))).toEqual({ kind, group });
      }),
    );
  });

  it('for any host, also of an agent that does not say its version', () => {
    const announcer = fc.record({
      name: fc.constantFrom('gray', 'pr-1', 'stand-in'),
      host: fc.stringMatching(/^[a-zA-Z0-9.-]+$/),
      pid: fc.nat(),
      version: fc.constantFrom('0.1.0', '1.0.0-rc.1', undefined),
    });
    fc.assert(
      fc.property(announcer, one => {
        expect(parseAnnouncer(announcerClientId(one, '0a1b2c3d4e5f'))).toEqual(one);
      }),
    );
  });

  it.each(['', 'gray', 'gray@host', 'PID@10.0.0.1#123', 'gray@host@12@not-hexadecimal', '@host@1@0a'])(
    '%j is none of ours',
    text => {
      expect(parseAnnouncer(text)).toBe(undefined);
      expect(parseAnnouncementGroup(text)).toBe(undefined);
    },
  );
});
