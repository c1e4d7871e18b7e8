/** The browser that looks at the page of a fleet. */
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { findChromium } from '../../fixtures/chromium';

const chromium = findChromium();
export const hasBrowser = chromium !== undefined;

/** @throws Error where there is none */
export function launchBrowser(): Promise<Browser> {
  // No sandbox of the browser's own for root, nor in containers: it loads nothing but our page.
  return puppeteer.launch({ executablePath: chromium ?? '', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** The text of all elements that a selector finds. */
export function textsOf(page: Page, selector: string): Promise<string[]> {
  return page.$$eval(selector, elements => elements.map(element => element.textContent ?? ''));
}

/** Who is shown in a group's card. */
export const membersOf = (page: Page, group: string) => textsOf(page, `[data-key="${group}"] .members li`);
