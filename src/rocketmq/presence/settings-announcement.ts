/** Beside what this process announces: which version of the settings it has. For people who look: nothing is decided by it. */
import { announcementGroup } from './announcement-name';
import type { Announcement, Announcements } from './announcements';

/** The version of the settings that is in force. */
export interface SettingsVersion {
  /** The first digits of the document; undefined: there is none. */
  digits(): string | undefined;
  onChange(listener: () => void): void;
}

interface Place {
  readonly topics: readonly string[];
  made: Promise<Announcement> | undefined;
}

/** @returns lets an announcement go with that of the settings, until it is withdrawn */
export function settingsAnnouncement(
  { announce }: Pick<Announcements, 'announce'>,
  version: SettingsVersion | undefined,
): (announcement: Promise<Announcement>, topics: readonly string[]) => Promise<Announcement> {
  if (version === undefined) return announcement => announcement;
  const places = new Set<Place>();
  const put = (place: Place) => {
    const digits = version.digits();
    place.made =
      digits === undefined ? undefined : announce(announcementGroup('settings', digits), 'settings', place.topics);
  };
  const withdraw = async (made: Promise<Announcement> | undefined) => (await made)?.withdraw();
  version.onChange(() => {
    for (const place of places) {
      const former = place.made;
      put(place);
      void withdraw(former);
    }
  });
  return async (announcement, topics) => {
    const place: Place = { topics, made: undefined };
    places.add(place);
    put(place);
    const { refusal, withdraw: withdrawIt } = await announcement;
    return {
      refusal,
      async withdraw() {
        places.delete(place);
        await Promise.all([withdrawIt(), withdraw(place.made)]);
      },
    };
  };
}
