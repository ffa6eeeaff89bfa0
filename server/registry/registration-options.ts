/** The option `registration` of a server: where it registers itself, and as what. */
import { randomUUID } from 'node:crypto'
import { isIP } from 'node:net'
import type { InstanceMetadata, Registrar } from '../../registry/contracts/registrar.ts'
import { kindFault, type OptionKinds, type OptionShape, optionFaults } from '../../wire/options/check-options.ts'

/** How to register a server in one registry. */
export interface RegistrationOptions {
  /** The registry: `etcdRegistrar({ endpoints: ['10.0.0.5:2379'] })` of `portico/registry/etcd`, or one of your own. */
  readonly registrar: Registrar
  /** The name by which clients find the service: letters, digits and `. _ -`, in parts separated by `/`. */
  readonly service: string
  /**
   * The IP address or name that clients connect to. Default: the address that the server listens on; if that is a wildcard such as
   * `0.0.0.0`, the first address of this machine that is not its loopback.
   */
  readonly host?: string
  /** The port that clients connect to, from 1 to 65,535. Default: the port that the server listens on. */
  readonly port?: number
  /**
   * Distinguishes this instance from all others, also from its previous run: letters, digits and `. _ -`, at most 128. Default: a
   * random UUID.
   */
  readonly id?: string
  /** Facts about the instance for clients: `{ weight: 2, zone: 'eu-central-1a', version: '1.4.0' }`. Default: none. */
  readonly metadata?: InstanceMetadata
  /** The longest that a drain waits for the registry to remove the instance, in milliseconds: 1 to 60,000. Default 3,000. */
  readonly deregisterTimeoutMs?: number
}

/** Complete, validated options. */
export interface ResolvedRegistration extends RegistrationOptions {
  readonly id: string
  readonly metadata: InstanceMetadata
  readonly deregisterTimeoutMs: number
}

const SHAPE: OptionShape = {
  kinds: {
    registrar: ['object'],
    service: ['string'],
    host: ['string'],
    port: ['number'],
    id: ['string'],
    metadata: ['object'],
    deregisterTimeoutMs: ['number'],
  } satisfies OptionKinds<RegistrationOptions>,
}

const SERVICE = /^[\w.-]+(?:\/[\w.-]+)*$/
const ID = /^[\w.-]{1,128}$/
const MAX_SERVICE_LENGTH = 255
const MAX_HOST_LENGTH = 253
const MAX_WEIGHT = 4_294_967_295
const MAX_DEREGISTER_TIMEOUT_MS = 60_000

/**
 * Validates the option and adds defaults.
 *
 * @param owner the function that takes the option: `createApp`
 * @throws RangeError that names every fault
 */
export function normalizeRegistrations(
  owner: string,
  given: RegistrationOptions | readonly RegistrationOptions[] | undefined,
): readonly ResolvedRegistration[] {
  const list = given === undefined ? [] : [given].flat()
  const faults = list.flatMap((each, index) =>
    faultsOf(each, Array.isArray(given) ? `registration[${index}]` : 'registration'),
  )
  if (faults.length > 0) throw new RangeError(`${owner}: ${faults.join('; ')}`)
  return list.map((each) =>
    Object.freeze({
      id: randomUUID(),
      deregisterTimeoutMs: 3_000,
      ...each,
      metadata: Object.freeze({ ...each.metadata }),
    }),
  )
}

function faultsOf(given: RegistrationOptions, name: string): string[] {
  const fault = kindFault(name, given, ['object'])
  if (fault !== undefined) return [fault]
  const faults = optionFaults(given, SHAPE, `${name}.`)
  return faults.length > 0 ? faults : valueFaults(given).map((text) => `${name}.${text}`)
}

function valueFaults({
  registrar,
  service,
  host,
  port,
  id,
  metadata = {},
  deregisterTimeoutMs,
}: RegistrationOptions): string[] {
  const faults: string[] = []
  if (typeof registrar?.register !== 'function') faults.push('registrar is not a registrar')
  if (service === undefined || service.length > MAX_SERVICE_LENGTH || !SERVICE.test(service)) {
    faults.push(`service must be letters, digits and . _ - in parts separated by /, at most ${MAX_SERVICE_LENGTH}`)
  }
  if (host !== undefined && !isHost(host)) faults.push('host must be an IP address or a host name')
  if (port !== undefined && !isWhole(port, 65_535)) faults.push(`port is ${port}, and must be from 1 to 65535`)
  if (id !== undefined && !ID.test(id)) faults.push('id must be 1 to 128 letters, digits and . _ -')
  if (deregisterTimeoutMs !== undefined && !isWhole(deregisterTimeoutMs, MAX_DEREGISTER_TIMEOUT_MS)) {
    faults.push(`deregisterTimeoutMs is ${deregisterTimeoutMs}, and must be from 1 to ${MAX_DEREGISTER_TIMEOUT_MS}`)
  }
  return [...faults, ...metadataFaults(metadata)]
}

function metadataFaults({ weight, ...others }: InstanceMetadata): string[] {
  const faults: string[] = []
  if (weight !== undefined && !isWhole(weight, MAX_WEIGHT)) {
    faults.push(`metadata.weight must be a whole number from 1 to ${MAX_WEIGHT}`)
  }
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined || typeof value === 'string' || Number.isFinite(value)) continue
    faults.push(`metadata.${name} must be a string or a number`)
  }
  return faults
}

function isWhole(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max
}

/** An address without brackets, or a name; not the wildcards, to which nobody can connect. */
function isHost(host: string): boolean {
  if (isIP(host) !== 0) return !/^(?:0\.0\.0\.0|[0:]+)$/.test(host)
  return host.length <= MAX_HOST_LENGTH && /^\w(?:[\w.-]*\w)?\.?$/.test(host)
}
