/** Flags for load balancing, retries and keepalive. */
import { readFile } from 'node:fs/promises'
import { DEFAULT_POLICIES, policyMap } from '../../balancer/default-policies.ts'
import { parseServiceConfig } from '../../service-config/parse-service-config.ts'
import type { TransportOptions } from '../../transport-options.ts'
import type { FlagTable } from '../arguments/flag-table.ts'
import { readDurationMs, readUint32 } from '../arguments/flag-values.ts'
import type { FlagValues } from '../arguments/parse-arguments.ts'
import { UsageError } from '../terminal/program-errors.ts'

const POLICIES = DEFAULT_POLICIES.map(({ name }) => name)

/** For every command that connects. */
export const channelFlags = {
  'service-config': {
    type: 'string',
    placeholder: 'JSON',
    help: 'gRPC service config, or @FILE; replaces that of name resolution',
  },
  lb: {
    type: 'string',
    placeholder: 'POLICY',
    choices: POLICIES,
    help: 'load balancing policy, such as round_robin; replaces that of name resolution (default pick_first)',
  },
  keepalive: {
    type: 'string',
    placeholder: 'TIME',
    help: 'interval of pings to a server that is silent during a call, from 10s (default: no pings)',
  },
} as const satisfies FlagTable

/** For commands that call. */
export const retryFlags = {
  retry: {
    type: 'string',
    placeholder: 'N',
    choices: ['0', '1', '2', '3', '4'],
    help: 'retry calls that fail with UNAVAILABLE, up to N times, 1 to 4; 0 is --no-retry',
  },
  'no-retry': { type: 'boolean', help: 'never retry, whatever the service config says' },
  'wait-for-ready': { type: 'boolean', help: 'wait for a connection instead of failing while there is none' },
} as const satisfies FlagTable

type ChannelValues = FlagValues<typeof channelFlags & typeof retryFlags>

type ChannelChoice = Pick<TransportOptions, 'serviceConfig' | 'serviceConfigFromResolver' | 'retry' | 'keepalive'>

/** Servers close connections with more frequent pings (gRFC A8). */
const MIN_KEEPALIVE_MS = 10_000

/** Not counting the first attempt. */
const MAX_RETRIES = 4

/** Waits of 100 ms, 200 ms and so on. */
const RETRY_POLICY = {
  initialBackoff: '0.1s',
  maxBackoff: '2s',
  backoffMultiplier: 2,
  retryableStatusCodes: ['UNAVAILABLE'],
}

/**
 * Converts the flags to transport options.
 *
 * @throws UsageError for values that are wrong or cannot be used together, and for a file that cannot be read
 */
export async function readChannelFlags(values: ChannelValues): Promise<ChannelChoice> {
  const retries = readRetries(values)
  const parts = [
    { flag: '--lb', json: values.lb === undefined ? undefined : balancingBy(values.lb) },
    { flag: '--retry', json: retries === undefined || retries === 0 ? undefined : retrying(retries) },
  ]
  const own = values['service-config'] === undefined ? undefined : await readServiceConfig(values['service-config'])
  const serviceConfig = parts.reduce((config, part) => combined(config, part), own)
  if (serviceConfig !== undefined) assertServiceConfig(serviceConfig)
  return {
    ...(serviceConfig !== undefined && { serviceConfig, serviceConfigFromResolver: false }),
    ...(retries === 0 && { retry: false }),
    ...(values.keepalive !== undefined && { keepalive: { timeMs: readKeepalive(values.keepalive) } }),
  }
}

type Json = Readonly<Record<string, unknown>>

function readRetries({ retry, 'no-retry': isOff = false }: ChannelValues): number | undefined {
  const retries = retry === undefined ? undefined : readUint32('--retry', retry)
  if (retries !== undefined && retries > MAX_RETRIES) {
    throw new UsageError(`--retry "${retry}" must be a whole number from 0 to ${MAX_RETRIES}`)
  }
  if (!isOff) return retries
  if (retries !== undefined && retries > 0) throw new UsageError('--retry and --no-retry cannot be used together')
  return 0
}

function readKeepalive(text: string): number {
  const timeMs = readDurationMs('--keepalive', text)
  if (timeMs >= MIN_KEEPALIVE_MS) return timeMs
  throw new UsageError(`--keepalive "${text}" must be from 10s to 24h: servers close connections that ping more often`)
}

function balancingBy(policy: string): Json {
  if (!POLICIES.includes(policy)) throw new UsageError(`--lb "${policy}" must be one of ${POLICIES.join(', ')}`)
  return { loadBalancingConfig: [{ [policy]: {} }] }
}

function retrying(retries: number): Json {
  return { methodConfig: [{ name: [{}], retryPolicy: { ...RETRY_POLICY, maxAttempts: retries + 1 } }] }
}

/** A flag stands for a part of the config, so the config must not have that part. */
function combined(
  config: Json | undefined,
  { flag, json }: { flag: string; json: Json | undefined },
): Json | undefined {
  if (json === undefined) return config
  const taken = Object.keys(json).flatMap((name) => (name === 'loadBalancingConfig' ? [name, OLD_NAME] : [name]))
  const other = taken.find((name) => config !== undefined && Object.hasOwn(config, name))
  if (other !== undefined) throw new UsageError(`${flag} and the ${other} of --service-config cannot be used together`)
  return { ...config, ...json }
}

const OLD_NAME = 'loadBalancingPolicy'

async function readServiceConfig(text: string): Promise<Json> {
  const json = parseJson(text.startsWith('@') ? await readConfigFile(text.slice(1)) : text)
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json }
  throw new UsageError('--service-config must be an object')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const reason = cause instanceof Error ? `: ${cause.message}` : ''
    throw new UsageError(`--service-config is not JSON${reason}`, { cause })
  }
}

async function readConfigFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new UsageError(`--service-config ${file} cannot be read`, { cause })
  }
}

function assertServiceConfig(json: Json): void {
  try {
    parseServiceConfig(json, policyMap(DEFAULT_POLICIES))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`invalid service config: ${reason}`, { cause })
  }
}
