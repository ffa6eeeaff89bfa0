/** The current certificates of a port, and which one a client gets. */
import { createHash, hkdfSync } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { PortLog } from '../../observing/port-log.ts'
import { FileWatch } from './file-watch.ts'
import { type Certificate, type Certificates, filesOf, type PartName, readCertificates } from './read-certificates.ts'
import type { ResolvedTlsOptions } from './tls-options.ts'

/** The same for all contexts, so that a TLS session can be resumed with any of them. */
const SESSION_ID_CONTEXT = 'portico'

/** How a store reports to its owner. */
export interface CertificateStoreParts {
  readonly log: PortLog
  /** Called with the options for connections without a matching server name, after a reload. */
  onChange(options: SecureContextOptions): void
}

/** Reads the certificates at once, and again on a file change or on request. */
export class CertificateStore {
  readonly #options: ResolvedTlsOptions
  readonly #parts: CertificateStoreParts
  readonly #watch: FileWatch
  #current: Certificates
  #contexts: ReadonlyMap<string, SecureContext>

  /** @throws RangeError that names the option and its file */
  constructor(options: ResolvedTlsOptions, parts: CertificateStoreParts) {
    this.#options = options
    this.#parts = parts
    this.#watch = new FileWatch(filesOf(options), () => this.#refresh(false))
    this.#current = readCertificates(options, optionName)
    this.#contexts = this.#createContexts(this.#current)
  }

  /** For clients that send no server name, or one without a certificate. */
  get defaults(): SecureContextOptions {
    return this.#contextOptions(this.#current, this.#current.certificates[0] as Certificate)
  }

  /** Returns the context for a server name (SNI); undefined for the default one. */
  contextFor(serverName: string): SecureContext | undefined {
    const name = serverName.toLowerCase()
    return this.#contexts.get(name) ?? this.#contexts.get(name.replace(/^[^.]*/, '*'))
  }

  /** Starts watching the files. */
  watch(): void {
    this.#watch.start()
  }

  /** Stops watching the files. */
  close(): void {
    this.#watch.stop()
  }

  /**
   * Reads everything again, whether or not files have changed. If that fails, the certificates in use are kept and the
   * log says why.
   *
   * @returns whether it succeeded
   */
  reload(): boolean {
    return this.#refresh(true)
  }

  /** Keeps everything as it is unless all of the new files are valid. */
  #refresh(isAsked: boolean): boolean {
    const { log, onChange } = this.#parts
    try {
      const read = readCertificates(this.#options, optionName)
      if (!isAsked && areSame(read, this.#current)) return true
      this.#contexts = this.#createContexts(read)
      this.#current = read
      onChange(this.defaults)
      log.info({ certificates: read.certificates.map(describe) }, 'certificates reloaded')
      return true
    } catch (error) {
      log.error({ err: error }, 'certificate reload failed: keeping the certificates in use')
      return false
    }
  }

  /** If several certificates have the same name, the first one counts. */
  #createContexts(read: Certificates): Map<string, SecureContext> {
    const contexts = new Map<string, SecureContext>()
    for (const certificate of read.certificates) {
      const context = createSecureContext(this.#contextOptions(read, certificate))
      for (const name of certificate.serverNames) if (!contexts.has(name)) contexts.set(name, context)
    }
    return contexts
  }

  #contextOptions({ ca }: Certificates, { cert, key, passphrase }: Certificate): SecureContextOptions {
    const { minVersion, ticketKeys } = this.#options
    return {
      cert,
      key,
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(ca === undefined ? {} : { ca }),
      minVersion,
      sessionIdContext: SESSION_ID_CONTEXT,
      ...(ticketKeys === undefined ? {} : { ticketKeys: ticketKeysFor(ticketKeys, ca) }),
    }
  }
}

/** A resumed session does not verify the certificate of the client again, so the keys depend on the CAs of clients. */
function ticketKeysFor(ticketKeys: Buffer, ca: Certificates['ca']): Buffer {
  if (ca === undefined) return ticketKeys
  return Buffer.from(hkdfSync('sha256', ticketKeys, '', createHash('sha256').update(ca).digest(), ticketKeys.length))
}

const optionName: PartName = (part, prefix, isFile) => `${prefix}${part}${isFile ? 'File' : ''}`

function describe({ serverNames, validTo }: Certificate): object {
  return { serverNames, validTo }
}

function areSame(a: Certificates, b: Certificates): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
