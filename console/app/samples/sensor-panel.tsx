/** The sensor: a client stream of readings, sent by hand or by a timer, which the server sums up at the end. */
import type { Client } from '@connectrpc/connect'
import { useSignal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { formatCelsius } from '../../../client/web/page/parts/format.ts'
import type { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import type { ChartPoint } from '../live/chart/chart-data.ts'
import { LineChart } from '../live/line-chart.tsx'
import { Button } from '../parts/button.tsx'
import { Field } from '../parts/field.tsx'
import { SampleCall } from './sample-call.ts'
import { TOPICS } from './sample-calls.ts'
import { SampleCard, SampleStateLine } from './sample-card.tsx'

const TIMER_MS = 1_000
const MAX_POINTS = 120

interface Reading {
  readonly topic: string
  readonly data: string
}

function createCall(greeter: Client<typeof GreeterService>): SampleCall<Reading> {
  return new SampleCall(async (readings, signal) => {
    const { accepted, lastSequence } = await greeter.putStream(readings, { signal })
    return `The server accepted ${accepted}; the last one has sequence ${lastSequence[TOPICS.sensor] ?? '–'}.`
  })
}

/** Draws the panel. */
export function SensorPanel({ greeter }: { greeter: Client<typeof GreeterService> }) {
  const [call] = useState(() => createCall(greeter))
  const celsius = useSignal(21)
  const hasTimer = useSignal(false)
  const sent = useSignal<readonly ChartPoint[]>([])
  const isOpen = call.state.value.kind === 'open'
  const send = () => {
    const value = celsius.value
    call.send({ topic: TOPICS.sensor, data: JSON.stringify({ celsius: value }) })
    sent.value = [...sent.value.slice(1 - MAX_POINTS), { atMs: Date.now(), value }]
  }
  useEffect(() => () => call.leave(), [call])
  useEffect(() => {
    if (!isOpen || !hasTimer.value) return
    const timer = setInterval(send, TIMER_MS)
    return () => clearInterval(timer)
  }, [isOpen, hasTimer.value])
  const start = () => {
    sent.value = []
    call.start()
  }
  return (
    <SampleCard name="sensor" title="Sensor: a client stream">
      <p>
        <code>PutStream</code> to <code>{TOPICS.sensor}</code>, by a WebSocket: each reading is one message of the same
        call.
      </p>
      <Field label={`Temperature: ${formatCelsius(celsius.value)}`}>
        {(attributes) => (
          <input
            {...attributes}
            type="range"
            class="sample-range"
            min={-10}
            max={50}
            step={0.5}
            value={celsius.value}
            onInput={(event) => {
              celsius.value = event.currentTarget.valueAsNumber
            }}
          />
        )}
      </Field>
      <div class="row">
        {isOpen ? (
          <>
            <Button kind="main" icon="send" onClick={send}>
              Send reading
            </Button>
            <Button icon="stop" onClick={() => call.halfClose()}>
              End the stream
            </Button>
          </>
        ) : (
          <Button kind="main" icon="play" onClick={start}>
            Start the stream
          </Button>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={hasTimer.value}
            onChange={(event) => {
              hasTimer.value = event.currentTarget.checked
            }}
          />
          Send every second
        </label>
      </div>
      <SampleStateLine state={call.state.value} />
      {sent.value.length > 0 && (
        <LineChart
          label="Sent"
          series={[{ label: 'Readings', points: sent.value }]}
          fromZero={false}
          minSpan={2}
          format={formatCelsius}
        />
      )}
    </SampleCard>
  )
}
