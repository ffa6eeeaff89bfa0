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

/** How the file is reached. */
export interface FileResolverOptions {
  /** Gives the text of the file. */
  readonly read?: (path: string) => Promise<string>
  /** Calls back whenever the file may have changed, in a later turn. Returns a function that ends it. */
  readonly watch?: (path: string, onChange: () => void) => () => void
}

/** So much of a file is read at most; what is longer is not usable. */
const MAX_FILE_BYTES = 16_777_216

/** A read that takes longer, as over a network that is gone, does not hold back the next one. */
const READ_TIMEOUT_MS = 30_000

const SHAPE: OptionShape = {
  kinds: { read: ['function'], watch: ['function'] } satisfies OptionKinds<FileResolverOptions>,
}

/** Makes the resolver of `file`. One that cannot be read, or is not valid, leaves in force what was known; it is tried again. */
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

/** What a read has found. */
interface FoundList {
  /** Null: the file could not be read. */
  readonly text: string | null
  readonly result: ResolverResult
}

class FileResolver implements Resolver {
  readonly #path: string
  readonly #context: ResolverContext
  readonly #read: (path: string) => Promise<string>
  readonly #watch: (path: string, onChange: () => void) => () => void
  #stopWatching: (() => void) | null = null
  /** The text that was told last; null: an error was, or nothing. */
  #told: string | null = null
  /** The read under way, by a number of its own; null: there is none. */
  #reading: number | null = null
  #reads = 0
  #readingSinceMs = 0
  #isStale = false
  #isClosed = false
  /** Reads in a row that gave no text. */
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

  /** A change while the file is read may have come too late for it: then it is read once more. */
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
      // Without its folder the file cannot be read either, which is told.
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
   * The same text is not told twice: what it leads to may be to look again, which would then go on and on while a server is
   * down.
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

  /** The folder may be gone, or another one be in its place, of which nobody would hear. */
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
    throw new RangeError(`the file is "${authority}/${endpoint}": it must be as file:///etc/greeter.json`)
  }
  return hasAuthority ? `/${endpoint}` : endpoint
}

/** The folder is watched, as editors and Kubernetes replace files rather than write them. */
function watchFile(path: string, onChange: () => void): () => void {
  const watcher = watch(dirname(path), { persistent: false }, onChange)
  // The folder is gone: the next question reads the file, and says so.
  watcher.on('error', onChange)
  return () => watcher.close()
}
