/** The messages of a saved call of a stream: the first is in the form, and the others can be sent with it. */
import type { Signal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import { Button } from '../../parts/button.tsx'
import { countOf } from '../../parts/format.ts'
import { Notice } from '../../parts/notice.tsx'
import type { ManySender } from './many-sender.ts'
import { Progress } from './send-many.tsx'
import { SendRun } from './send-run.ts'
import type { MessageText } from './split-messages.ts'
import { textSender } from './text-sender.ts'

/** What can be sent. */
export interface SavedMessagesProps {
  /** The texts of the messages after the first. */
  readonly others: Signal<readonly string[]>
  readonly sender: ManySender
}

/** Draws what can be done with them, if there are some. */
export function SavedMessages({ others: kept, sender }: SavedMessagesProps) {
  const [run, setRun] = useState<SendRun | null>(null)
  useEffect(() => () => run?.stop(), [run])
  const others = kept.value
  if (others.length === 0) return null
  const isRunning = run?.progress.value.state === 'running'
  const sendAll = () => {
    const texts = [sender.draftText(), ...others]
    setRun(
      new SendRun({
        total: texts.length,
        intervalMs: 0,
        messageAt: (index) => toMessage(texts[index], index),
        send: textSender(sender),
      }),
    )
  }
  const remove = () => {
    kept.value = []
  }
  return (
    <Notice
      actions={
        <>
          <Button isSmall icon="send" isDisabled={isRunning} onClick={sendAll}>
            Send all
          </Button>
          <Button kind="quiet" isSmall isDisabled={isRunning} onClick={remove}>
            Remove the others
          </Button>
        </>
      }
    >
      <p>
        The saved call has {countOf(others.length + 1, 'message')}: the first is in the form, the others can be sent
        after it.
      </p>
      {run !== null && <Progress run={run} />}
    </Notice>
  )
}

function toMessage(text: string | undefined, index: number): MessageText | null {
  return text === undefined ? null : { text, line: index + 1 }
}
