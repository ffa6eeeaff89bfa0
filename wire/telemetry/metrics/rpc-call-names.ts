/** The metrics of OpenTelemetry's semantic conventions for RPC, stable since 1.45. */
import type { Code } from '@connectrpc/connect'
import { CALL_DURATION_BUCKETS } from '../buckets.ts'
import type { OtelAttributes } from '../open-telemetry-api.ts'
import {
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  grpcMethod,
  isRpcError,
  OTHER_METHOD,
  rpcStatus,
  rpcSystem,
} from '../rpc-names.ts'
import { serverAttributes } from '../span-attributes.ts'
import { ByCode, type CallKey, type CallMeter, type CallNames } from './call-names.ts'
import type { HistogramSeries, Instrument } from './metric-registry.ts'

/** `rpc.server.call.duration` and `rpc.client.call.duration`. */
export const rpcCallNames: CallNames = (registry) => {
  const histogram = (name: string, description: string) =>
    registry.histogram({ name, description, unit: 's', buckets: CALL_DURATION_BUCKETS })
  const durations = {
    server: histogram('rpc.server.call.duration', 'Duration of calls, from their headers to the end of the response'),
    client: histogram('rpc.client.call.duration', 'Duration of outgoing calls, all attempts included'),
  }
  return (key) => new RpcCallMeter(durations[key.side], key)
}

class RpcCallMeter implements CallMeter {
  readonly #durations: ByCode<HistogramSeries>

  constructor(durations: Instrument<HistogramSeries>, key: CallKey) {
    this.#durations = new ByCode((code) => durations.with(attributesOf(key, code)))
  }

  onEnd({ code, seconds, example }: Parameters<CallMeter['onEnd']>[0]): void {
    this.#durations.at(code).record(seconds, example)
  }
}

function attributesOf({ side, protocol, method, target }: CallKey, code: Code | undefined): OtelAttributes {
  const status = rpcStatus(protocol, code)
  return {
    [ATTR_RPC_SYSTEM_NAME]: rpcSystem(protocol),
    [ATTR_RPC_METHOD]: grpcMethod(method) ?? OTHER_METHOD,
    ...(status !== undefined && { [ATTR_RPC_STATUS_CODE]: status }),
    ...(status !== undefined && isRpcError(side, code) && { [ATTR_ERROR_TYPE]: status }),
    ...(side === 'client' && serverAttributes(target)),
  }
}
