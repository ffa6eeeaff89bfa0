/** The choice of the protocol. What cannot carry the method is disabled, with the reason. */
import type { DescMethod } from '@bufbuild/protobuf'
import type { ConsoleFacts, ConsoleProtocol } from '../../../../wire/console/console-facts.ts'
import { PROTOCOL_NAMES, PROTOCOLS, refusalOf } from '../protocols/protocol-facts.ts'

/** What the picker offers. */
export interface ProtocolPickerProps {
  readonly method: DescMethod
  readonly facts: ConsoleFacts
  readonly chosen: ConsoleProtocol
  readonly onChoose: (protocol: ConsoleProtocol) => void
}

/** Draws the picker, and below it the reasons. */
export function ProtocolPicker({ method, facts, chosen, onChoose }: ProtocolPickerProps) {
  const refusals = new Map(PROTOCOLS.map((protocol) => [protocol, refusalOf(protocol, method, facts)]))
  return (
    <fieldset class="call-protocols">
      <legend>Protocol</legend>
      <div class="segments">
        {PROTOCOLS.map((protocol) => {
          const refusal = refusals.get(protocol) ?? null
          return (
            <label key={protocol} class="segment" title={refusal ?? ''}>
              <input
                type="radio"
                name="protocol"
                value={protocol}
                checked={protocol === chosen}
                disabled={refusal !== null}
                onChange={() => onChoose(protocol)}
              />
              <span>{PROTOCOL_NAMES[protocol]}</span>
            </label>
          )
        })}
      </div>
      {reasonsOf(refusals).map(({ names, reason }) => (
        <p key={reason} class="hint">
          {names}: {reason}
        </p>
      ))}
    </fieldset>
  )
}

/** Protocols that share a reason are named together. */
function reasonsOf(refusals: ReadonlyMap<ConsoleProtocol, string | null>) {
  const names = new Map<string, string[]>()
  for (const [protocol, reason] of refusals) {
    if (reason !== null) names.set(reason, [...(names.get(reason) ?? []), PROTOCOL_NAMES[protocol]])
  }
  return [...names].map(([reason, list]) => ({ reason, names: list.join(', ') }))
}
