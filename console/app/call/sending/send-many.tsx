/** Sends many messages of a stream: from a file, or the one in the form on a timer. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { Button } from '../../parts/button.tsx'
import { Disclosure } from '../../parts/disclosure.tsx'
import { FilePicker } from '../../parts/file-picker.tsx'
import { formatCount } from '../../parts/format.ts'
import { Notice } from '../../parts/notice.tsx'
import type { ManySender } from './many-sender.ts'
import { type SendPlan, type SendProgress, SendRun } from './send-run.ts'
import { splitMessages } from './split-messages.ts'
import { textSender } from './text-sender.ts'
import { TimerForm } from './timer-form.tsx'

/** Larger files would not fit into memory with their messages. */
const MAX_FILE_BYTES = 256 * 1024 * 1024

/** Draws the two ways. */
export function SendMany({ sender }: { sender: ManySender }) {
  const [run, setRun] = useState<SendRun | null>(null)
  const [fault, setFault] = useState<string | null>(null)
  const isLeft = useRef(false)
  useEffect(() => () => run?.stop(), [run])
  useEffect(
    () => () => {
      isLeft.current = true
    },
    [],
  )
  const start = (plan: Omit<SendPlan, 'send'>) => {
    // A file may have been read after the user has left.
    if (isLeft.current) return
    setFault(null)
    run?.stop()
    setRun(new SendRun({ ...plan, send: textSender(sender) }))
  }
  const sendFile = (file: File) => {
    readPlan(file).then(start, (error) => setFault(error instanceof Error ? error.message : String(error)))
  }
  const isRunning = run?.progress.value.state === 'running'
  return (
    <Disclosure summary="Send many">
      <div class="stack">
        <FilePicker label="Send a file" accept=".ndjson,.jsonl,.json" isDisabled={isRunning} onPick={sendFile}>
          <span class="hint">One message per line (NDJSON), or a JSON array</span>
        </FilePicker>
        <TimerForm isDisabled={isRunning} template={() => sender.draftText()} onStart={start} />
        {fault !== null && <Notice tone="bad">{fault}</Notice>}
        {run !== null && <Progress run={run} />}
      </div>
    </Disclosure>
  )
}

async function readPlan(file: File): Promise<Omit<SendPlan, 'send'>> {
  if (file.size > MAX_FILE_BYTES) throw new RangeError('The file has more than 256 MiB.')
  const messages = splitMessages(await file.text())
  if (messages.length === 0) throw new RangeError('The file has no messages.')
  return { total: messages.length, intervalMs: 0, messageAt: (index) => messages[index] ?? null }
}

/** Draws how far a run is. */
export function Progress({ run }: { run: SendRun }) {
  const { state, sent, total, fault } = run.progress.value
  return (
    <div class="row">
      {/* The count changes with each message, which would be read aloud each time. */}
      <span class="number small">{sentenceOf(state, sent, total)}</span>
      <span class="visually-hidden" role="status">
        {state === 'running' ? '' : STATES[state]}
      </span>
      {total !== null && state === 'running' && <progress value={sent} max={total} aria-label="Messages sent" />}
      {state === 'running' && (
        <Button isSmall icon="stop" onClick={() => run.stop()}>
          Stop
        </Button>
      )}
      {fault !== null && (
        <span class="call-fault" role="alert">
          {fault}
        </span>
      )}
    </div>
  )
}

const STATES: Readonly<Record<SendProgress['state'], string>> = {
  running: 'Sending',
  done: 'Sent all',
  stopped: 'Stopped',
  failed: 'Failed',
}

function sentenceOf(state: SendProgress['state'], sent: number, total: number | null): string {
  const of = total === null ? '' : ` of ${formatCount(total)}`
  return `${STATES[state]}: ${formatCount(sent)}${of}`
}
