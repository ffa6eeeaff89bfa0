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

export function ProtocolPicker({ method, facts, chosen, onChoose }: ProtocolPickerProps) {
  return (
    <fieldset class="call-protocols">
      <legend>Protocol</legend>
      <div class="segments">
        {PROTOCOLS.map((protocol) => (
          <Choice
            key={protocol}
            protocol={protocol}
            refusal={refusalOf(protocol, method, facts)}
            isChosen={protocol === chosen}
            onChoose={() => onChoose(protocol)}
          />
        ))}
      </div>
    </fieldset>
  )
}

interface ChoiceProps {
  readonly protocol: ConsoleProtocol
  readonly refusal: string | null
  readonly isChosen: boolean
  readonly onChoose: () => void
}

function Choice({ protocol, refusal, isChosen, onChoose }: ChoiceProps) {
  const reasonId = `call-protocol-${protocol}`
  return (
    <label class="segment" title={refusal ?? ''}>
      <input
        type="radio"
        name="protocol"
        value={protocol}
        checked={isChosen}
        disabled={refusal !== null}
        aria-describedby={refusal === null ? undefined : reasonId}
        onChange={onChoose}
      />
      <span>{PROTOCOL_NAMES[protocol]}</span>
      {refusal !== null && (
        <span id={reasonId} class="visually-hidden">
          {refusal}
        </span>
      )}
    </label>
  )
}
