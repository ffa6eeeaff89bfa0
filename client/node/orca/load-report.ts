/** The load report of a server: in the trailers of a call, or out of band (ORCA, gRFC A51). */
import { BinaryReader } from '@bufbuild/protobuf/wire'
import { isBase64 } from '../../../wire/base64.ts'
import type { HeaderField } from '../../../wire/http2/http2.ts'

/** The fields of `xds.data.orca.v3.OrcaLoadReport` that determine weights. 0 if missing. */
export interface LoadReport {
  readonly cpuUtilization: number
  readonly memUtilization: number
  readonly applicationUtilization: number
  /** Calls per second. */
  readonly qps: number
  /** Failures per second. */
  readonly eps: number
  /** By the names that `metricNamesForComputingUtilization` calls `utilization.NAME`. */
  readonly utilization: ReadonlyMap<string, number>
  /** By the names that it calls `named_metrics.NAME`. */
  readonly namedMetrics: ReadonlyMap<string, number>
}

const TRAILER = 'endpoint-load-metrics-bin'

/** Returns the report in trailers; undefined if there is no valid one. */
export function findLoadReport(trailers: readonly HeaderField[] | null): LoadReport | undefined {
  const value = trailers?.find(({ name }) => name === TRAILER)?.value
  if (value === undefined || !isBase64(value)) return undefined
  try {
    return decodeLoadReport(Buffer.from(value, 'base64'))
  } catch {
    // A malformed report must not affect the call. The endpoint keeps its weight.
    return undefined
  }
}

/**
 * Decodes a report by its field numbers.
 *
 * @throws Error for a malformed message
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

/** Reads an entry of map<string, double>. */
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
