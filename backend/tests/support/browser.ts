import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Where Chromium is: what the environment names, the search path, the usual places. */
function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/snap/bin'];
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return [process.env['CHROMIUM'] ?? '', ...candidates].find((path) => path && existsSync(path));
}

export const chromiumPath = findChromium();

/** `describe`, where there is a browser; else the tests are left out. */
export const describeInBrowser = chromiumPath ? describe : describe.skip;

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1000, height: 760 };

/** A browser, and what went wrong in any of its pages. */
export interface TestBrowser {
  browser: Browser;
  /** Errors of the page's script, and lines of error in the console, such as those of its policy. */
  faults: string[];
  /** A person at a browser of their own. */
  person(options?: BrowserContextOptions): Promise<Page>;
}

export async function openBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: String(chromiumPath),
    // A container's root has no sandbox to put Chromium in, and little shared memory.
    args: [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'],
  });
  const faults: string[] = [];
  const person = async (options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ viewport: DESKTOP, ...options });
    context.setDefaultTimeout(300_000);
    const page = await context.newPage();
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (line) => line.type() === 'error' && faults.push(line.text()));
    return page;
  };
  return { browser, faults, person };
}
