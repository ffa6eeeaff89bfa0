/** `file:///etc/greeter.json`: endpoints in a file, which is read again when it changes. */
import { watch } from 'node:fs'
import { dirname } from 'node:path'
import { Code, ConnectError } from '@connectrpc/connect'
import type { ScheduledTimer } from '../../../wire/http2/http2.ts'
import { checkOptions, type OptionKinds, type OptionShape } from '../../../wire/options/check-options.ts'
import { backoffDelayMs } from '../../core/backoff.ts'
import { readRegularFile } from '../base/read-regular-file.ts'
import { connectErrorOf } from '../base/thrown.ts'
import { CONNECTION_BACKOFF } from '../contracts/connection-backoff.ts'
import type { Resolver, ResolverContext, ResolverFactory, ResolverResult, Target } from '../contracts/resolver.ts'
import { parseEndpointList } from './parse-endpoint-list.ts'

/** Options of the resolver. */
export interface FileResolverOptions {
  /** Reads the file. */
  readonly read?: (path: string) => Promise<string>
  /** Calls back, in a later turn, whenever the file may have changed. Returns a function that stops watching. */
  readonly watch?: (path: string, onChange: () => void) => () => void
}

/** Maximum size of a file. */
const MAX_FILE_BYTES = 16_777_216

/** Time limit of a read, for example over a broken network, after which the next one may start. */
const READ_TIMEOUT_MS = 30_000

const SHAPE: OptionShape = {
  kinds: { read: ['function'], watch: ['function'] } satisfies OptionKinds<FileResolverOptions>,
}

/** Creates the resolver for `file`. A file that cannot be read, or is invalid, leaves the previous result in effect, and is read again. */
export function fileResolver(options: FileResolverOptions = {}): ResolverFactory {
  checkOptions('fileResolver', options, SHAPE)
  return Object.freeze({
    scheme: 'file',
    defaultAuthority(target: Target) {
      pathOf(target)
      return 'localhost'
    },
    verifiesAddressHost: () => true,
    create: (target, context) => new FileResolver(pathOf(target), context, options),
  } satisfies ResolverFactory)
}

/** The result of a read. */
interface FoundList {
  /** Null if the file could not be read. */
  readonly text: string | null
  readonly result: ResolverResult
}

class FileResolver implements Resolver {
  readonly #path: string
  readonly #context: ResolverContext
  readonly #read: (path: string) => Promise<string>
  readonly #watch: (path: string, onChange: () => void) => () => void
  #stopWatching: (() => void) | null = null
  /** The text of the last result; null after an error, or before the first. */
  #told: string | null = null
  /** The number of the read under way; null if there is none. */
  #reading: number | null = null
  #reads = 0
  #readingSinceMs = 0
  #isStale = false
  #isClosed = false
  /** Number of failed reads in a row. */
  #failures = 0
  #timer: ScheduledTimer | null = null

  constructor(path: string, context: ResolverContext, options: FileResolverOptions) {
    this.#path = path
    this.#context = context
    this.#read = options.read ?? readEndpointFile
    this.#watch = options.watch ?? watchFile
  }

  start(): void {
    this.#startAnew()
  }

  /** Reads the file. A change during a read causes another one, as that read may have missed it. */
  resolveNow(): void {
    this.#isStale = true
    const isStuck = this.#context.clock.now() - this.#readingSinceMs >= READ_TIMEOUT_MS
    if ((this.#reading === null || isStuck) && !this.#isClosed) void this.#readWhileStale()
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#stopWatching?.()
  }

  #startAnew(): void {
    const stopWatching = this.#stopWatching
    this.#stopWatching = null
    try {
      stopWatching?.()
      this.#stopWatching = this.#watch(this.#path, () => this.resolveNow())
    } catch {
      // Without its folder the file cannot be read, which is reported.
    }
    this.resolveNow()
  }

  async #readWhileStale(): Promise<void> {
    while (this.#isStale && !this.#isClosed) {
      this.#isStale = false
      const read = ++this.#reads
      this.#reading = read
      this.#readingSinceMs = this.#context.clock.now()
      const found = await this.#lookUp()
      if (this.#reading !== read) return
      this.#reading = null
      if (!this.#isClosed) this.#tell(found)
    }
  }

  /**
   * Passes a result on, unless the text is the same: a balancer may request another lookup for each result, which would loop while a server
   * is down.
   */
  #tell({ text, result }: FoundList): void {
    this.#lookAgainIfFailed(text === null)
    if (text !== null && text === this.#told) return
    this.#told = result.endpoints instanceof ConnectError ? null : text
    this.#context.listener.onResult(result)
  }

  async #lookUp(): Promise<FoundList> {
    let text: string | null = null
    try {
      text = await this.#read(this.#path)
      return { text, result: parseEndpointList(text) }
    } catch (cause) {
      const error = connectErrorOf(cause, Code.Unavailable, `${this.#path} is not usable: `)
      return { text, result: { endpoints: error } }
    }
  }

  /** Reads again after a failure, as a folder that was removed or replaced causes no event. */
  #lookAgainIfFailed(hasFailed: boolean): void {
    const { clock, random } = this.#context
    this.#timer?.cancel()
    this.#timer = null
    this.#failures = hasFailed ? this.#failures + 1 : 0
    if (!hasFailed) return
    const waitMs = backoffDelayMs(CONNECTION_BACKOFF, this.#failures, random)
    this.#timer = clock.schedule(() => this.#startAnew(), waitMs)
  }
}

async function readEndpointFile(path: string): Promise<string> {
  const text = await readRegularFile(path, MAX_FILE_BYTES + 1)
  if (Buffer.byteLength(text) > MAX_FILE_BYTES) throw new RangeError(`it has more than ${MAX_FILE_BYTES} octets`)
  return text
}

function pathOf({ authority, hasAuthority, endpoint }: Target): string {
  if (authority !== '' || endpoint === '') {
    throw new RangeError(`the file is "${authority}/${endpoint}": it must have the form file:///etc/greeter.json`)
  }
  return hasAuthority ? `/${endpoint}` : endpoint
}

/** Watches the folder, as editors and Kubernetes replace files. */
function watchFile(path: string, onChange: () => void): () => void {
  const watcher = watch(dirname(path), { persistent: false }, onChange)
  // The folder is gone. Reading the file reports it.
  watcher.on('error', onChange)
  return () => watcher.close()
}
