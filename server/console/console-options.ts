/** The options of the console. */
import { isRoutePath, type OptionKinds, type OptionShape } from '../../wire/options/check-options.ts'
import type { AuthorizeFileReader } from '../files/served-file.ts'

/** Options of the console, a page that shows the API of a server and calls its methods. */
export interface ConsoleOptions {
  /** The path of the page, which is at `/console/`. Default: `/console`. */
  readonly path?: string
  /** What the page calls the server. Default: `API`; with `serve`, its name. */
  readonly title?: string
  /**
   * The image of buf, or another FileDescriptorSet with source info, that has the comments of the API, as generated code has none: its
   * path, or its bytes. It is read at start-up. Default: none.
   */
  readonly image?: string | Uint8Array
  /**
   * Who may read the page and the descriptors, besides what calls must pass. What it throws refuses the request. A browser opens a page
   * without a token, so it decides by the address, or by what a proxy adds. Default: all callers.
   */
  readonly authorize?: AuthorizeFileReader
  /** The folder of the files of the page. Default: that of the package `portico-console`. */
  readonly folder?: string
  /** Whether the page shows the samples for the services of Portico's demo. Default: false. */
  readonly samples?: boolean
}

/** The names and kinds of the options. */
export const CONSOLE_SHAPE: OptionShape = {
  kinds: {
    path: ['string'],
    title: ['string'],
    image: ['string', 'object'],
    authorize: ['function'],
    folder: ['string'],
    samples: ['boolean'],
  } satisfies OptionKinds<ConsoleOptions>,
}

/** The path of the page by default. */
export const DEFAULT_CONSOLE_PATH = '/console'

/** Returns a phrase for each option that is not valid. */
export function consoleFaults({ path = DEFAULT_CONSOLE_PATH, image }: ConsoleOptions): string[] {
  return [
    ...(isRoutePath(path) ? [] : [`path is "${path}": it must begin with / and have no parameters`]),
    ...(image === undefined || typeof image === 'string' || image instanceof Uint8Array
      ? []
      : ['image must be a path or a Uint8Array']),
  ]
}
