/** The console of a demo server in a browser. */
import type { Browser, Page } from 'playwright-core'
import type { DemoOptions } from '../../../server/demo.ts'
import { type OpenPageOptions, openPage } from '../../browser/open-page.ts'
import { builtConsole } from '../console-app.ts'
import { type StartedApp, startDemo } from '../demo-server.ts'

const IMAGE = 'gen/descriptors.binpb'

/** What the console is opened with. */
export interface OpenConsoleOptions extends Omit<OpenPageOptions, 'path' | 'view'> {
  /** The part of the URL after `#`, as in `/method/greeter.v1.GreeterService/SayHello`. Default: none, the overview. */
  readonly route?: string
  /** Options of the server, besides the console. Default: those of the demo. */
  readonly demo?: DemoOptions
}

/** An open console. */
export interface OpenedConsole {
  readonly page: Page
  readonly server: StartedApp
}

/**
 * Starts a demo server with the page, and opens it, as {@link openPage} does: complaints of the browser and requests to other origins fail
 * the test.
 */
export async function openConsole(browser: Browser, options: OpenConsoleOptions = {}): Promise<OpenedConsole> {
  const { route = '', demo = {}, ...page } = options
  const server = await startConsole(demo)
  return { server, page: await openPage(browser, server.origin, { ...page, path: '/console/', view: route }) }
}

/** Starts a demo server with the page at `/console/`. It is drained when the running test ends. */
export async function startConsole(demo: DemoOptions = {}): Promise<StartedApp> {
  const folder = await builtConsole()
  return startDemo({ console: { title: 'Greeter', image: IMAGE, samples: true, folder }, ...demo })
}
