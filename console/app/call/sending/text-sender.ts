/** Sends messages that are written as JSON, all in one call. */
import { analyseText } from '../../message/check/analyse-text.ts'
import type { ManySender, SendMessage } from './many-sender.ts'

/** Returns what sends a text. It opens a call for the first one if none runs, and fails for all that come after the end of that call. */
export function textSender(sender: ManySender): (text: string) => Promise<void> {
  let opened: Promise<SendMessage> | null = null
  return async (text) => {
    // Read as the editor of messages does, which keeps all digits of numbers.
    const { message, faults } = analyseText(sender.schema, sender.registry, text)
    if (message === null) throw new Error(faults.find(({ severity }) => severity === 'error')?.message ?? 'no message')
    opened ??= sender.openSender()
    const send = await opened
    await send(message, text)
  }
}
