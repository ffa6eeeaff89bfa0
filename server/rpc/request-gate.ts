/** Gates, which decide on calls after their headers and before their bodies. */
import type { HandlerContext } from '@connectrpc/connect'
import { type CallScope, runInCallScope } from '../../wire/call-scope.ts'

/** Refuses a call by throwing a ConnectError, which is the response; may set context values and response headers. */
export type RequestGate = (context: HandlerContext) => void | Promise<void>

/** Returns a gate that runs all of them in order until one refuses. It stays synchronous as long as they do. */
export function joinGates(gates: readonly RequestGate[]): RequestGate | undefined {
  return gates.length < 2 ? gates[0] : (context) => runFrom(0, gates, context)
}

function runFrom(start: number, gates: readonly RequestGate[], context: HandlerContext): void | Promise<void> {
  for (let index = start; index < gates.length; index += 1) {
    const passing: unknown = gates[index]?.(context)
    if (passing !== undefined) return continueAfter(passing, index + 1, gates, context)
  }
}

async function continueAfter(
  passing: unknown,
  next: number,
  gates: readonly RequestGate[],
  context: HandlerContext,
): Promise<void> {
  await passing
  await runFrom(next, gates, context)
}

/** A call that has a gate. */
interface GatedCall {
  readonly context: CallScope & HandlerContext
  /** Called when the gate lets the call pass. */
  passGate(): void
  /** Called with what the gate throws. */
  failHandler(refusal: unknown): void
}

/** Runs a gate in the scope of its call. Calls back at once unless the gate returns a promise. */
export function runGate(gate: RequestGate, call: GatedCall): void {
  let passing: unknown
  try {
    passing = runInCallScope(call.context, gate, call.context)
  } catch (refusal) {
    call.failHandler(refusal)
    return
  }
  if (passing === undefined) call.passGate()
  else void awaitGate(passing, call)
}

async function awaitGate(passing: unknown, call: GatedCall): Promise<void> {
  try {
    await passing
  } catch (refusal) {
    call.failHandler(refusal)
    return
  }
  call.passGate()
}
