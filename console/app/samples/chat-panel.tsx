/** The chat: two people in a room, each with a bidirectional stream of their own. */
import type { Client } from '@connectrpc/connect'
import { type Signal, useSignal } from '@preact/signals'
import { useEffect, useId, useState } from 'preact/hooks'
import { formatTime, messageTimeMs } from '../../../client/web/page/parts/format.ts'
import { parseChatLine, writeChatLine } from '../../../client/web/page/parts/message-data.ts'
import type { AllStreamResponse, GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { Button } from '../parts/button.tsx'
import { SampleCall } from './sample-call.ts'
import { TOPICS } from './sample-calls.ts'
import { SampleCard, SampleStateLine } from './sample-card.tsx'

const MAX_LINES = 200
const NAMES = ['Ada', 'Grace']

interface Sent {
  readonly topic: string
  readonly data?: string
}

/** Draws the panel. */
export function ChatPanel({ greeter }: { greeter: Client<typeof GreeterService> }) {
  return (
    <SampleCard name="chat" title="Chat: a bidirectional stream">
      <p>
        Two calls of <code>AllStream</code> on <code>{TOPICS.chat}</code>, by a WebSocket each. What one sends, both
        receive.
      </p>
      <div class="chat-panes">
        {NAMES.map((name) => (
          <ChatPane key={name} name={name} greeter={greeter} />
        ))}
      </div>
    </SampleCard>
  )
}

function createCall(
  greeter: Client<typeof GreeterService>,
  lines: Signal<readonly AllStreamResponse[]>,
): SampleCall<Sent> {
  return new SampleCall(async (requests, signal) => {
    let received = 0
    for await (const line of greeter.allStream(requests, { signal })) {
      received += 1
      lines.value = [...lines.value.slice(1 - MAX_LINES), line]
    }
    return `${received} received.`
  })
}

function ChatPane({ name, greeter }: { name: string; greeter: Client<typeof GreeterService> }) {
  const lines = useSignal<readonly AllStreamResponse[]>([])
  const [call] = useState(() => createCall(greeter, lines))
  const id = useId()
  const isOpen = call.state.value.kind === 'open'
  useEffect(() => () => call.leave(), [call])
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const text = new FormData(event.currentTarget as HTMLFormElement).get('text')
    if (typeof text !== 'string' || text === '') return
    call.send({ topic: TOPICS.chat, data: writeChatLine({ name, text }) })
    ;(event.currentTarget as HTMLFormElement).reset()
  }
  return (
    <section class="chat-pane stack is-tight" aria-label={name}>
      <div class="spread">
        <h3>{name}</h3>
        {isOpen ? (
          <Button isSmall onClick={() => call.halfClose()}>
            Leave
          </Button>
        ) : (
          <Button isSmall onClick={() => call.start({ topic: TOPICS.chat })}>
            Join
          </Button>
        )}
      </div>
      <ChatLog lines={lines.value} owner={name} />
      <form class="row is-tight chat-form" onSubmit={submit}>
        <label class="visually-hidden" for={id}>
          Message of {name}
        </label>
        <input id={id} class="input" name="text" autocomplete="off" maxLength={2_000} disabled={!isOpen} />
        <Button type="submit" isDisabled={!isOpen}>
          Send
        </Button>
      </form>
      <SampleStateLine state={call.state.value} />
    </section>
  )
}

function ChatLog({ lines, owner }: { lines: readonly AllStreamResponse[]; owner: string }) {
  const [log, setLog] = useState<HTMLElement | null>(null)
  useEffect(() => {
    if (log !== null) log.scrollTop = log.scrollHeight
  }, [log, lines])
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard has to reach what scrolls
    <div class="chat-log" role="log" aria-label={`Messages that ${owner} receives`} tabIndex={0} ref={setLog}>
      {lines.map((line) => {
        const { name, text } = parseChatLine(line.data)
        return (
          <p key={`${line.epoch} ${line.sequence}`} class={name === owner ? 'is-own' : ''}>
            <b dir="auto">{name === '' ? 'Somebody' : name}</b>{' '}
            <span class="soft small number">{formatTime(messageTimeMs(line))}</span>
            <br />
            <span class="wrap" dir="auto">
              {text}
            </span>
          </p>
        )
      })}
    </div>
  )
}
