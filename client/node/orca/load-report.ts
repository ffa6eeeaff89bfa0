/** What a server says of its load: in the trailers of a call, or asked for apart from calls (ORCA, gRFC A51). */
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { isBase64 } from '../../../wire/base64.ts'
import type { HeaderField } from '../../../wire/http2/http2.ts'

/** The parts of `xds.data.orca.v3.OrcaLoadReport` that weights are made of. 0 for what is not told. */
export interface LoadReport {
  readonly cpuUtilization: number
  readonly memUtilization: number
  readonly applicationUtilization: number
  /** Calls a second. */
  readonly qps: number
  /** Failures a second. */
  readonly eps: number
  /** By the names that `metricNamesForComputingUtilization` calls `utilization.NAME`. */
  readonly utilization: ReadonlyMap<string, number>
  /** By the names that it calls `named_metrics.NAME`. */
  readonly namedMetrics: ReadonlyMap<string, number>
}

const TRAILER = 'endpoint-load-metrics-bin'

/** The report among the trailers; undefined where there is none that can be read. */
export function findLoadReport(trailers: readonly HeaderField[] | null): LoadReport | undefined {
  const value = trailers?.find(({ name }) => name === TRAILER)?.value
  if (value === undefined || !isBase64(value)) return undefined
  try {
    return decodeLoadReport(Buffer.from(value, 'base64'))
  } catch {
    // What a server garbles must not harm the call: the endpoint keeps the weight that it has.
    return undefined
  }
}

/**
 * Reads the message by the numbers of its fields.
 *
 * @throws Error for what is no message
 */
export function decodeLoadReport(bytes: Uint8Array): LoadReport {
  const utilization = new Map<string, number>()
  const namedMetrics = new Map<string, number>()
  const doubles = new Map<number, number>()
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag()
    if (DOUBLES.has(field)) doubles.set(field, reader.double())
    else if (field === 5) readEntry(reader, utilization)
    else if (field === 8) readEntry(reader, namedMetrics)
    else reader.skip(wireType, field)
  }
  const double = (field: number): number => doubles.get(field) ?? 0
  return {
    cpuUtilization: double(1),
    memUtilization: double(2),
    qps: double(6),
    eps: double(7),
    applicationUtilization: double(9),
    utilization,
    namedMetrics,
  }
}

const DOUBLES: ReadonlySet<number> = new Set([1, 2, 6, 7, 9])

/** An entry of map<string, double>. */
function readEntry(reader: BinaryReader, into: Map<string, number>): void {
  const end = reader.uint32() + reader.pos
  let key = ''
  let value = 0
  while (reader.pos < end) {
    const [field, wireType] = reader.tag()
    if (field === 1) key = reader.string()
    else if (field === 2) value = reader.double()
    else reader.skip(wireType, field)
  }
  into.set(key, value)
}
