/** Questions on the terminal. */
import { createInterface } from 'node:readline/promises'

/** Asks one question. An empty answer means `fallback`. */
export type Ask = (question: string, fallback: string) => Promise<string>

/** Thrown when the user leaves a question by Ctrl-C or Ctrl-D. */
export class CancelledError extends Error {}

/** Asks on this process' terminal. */
export const askOnTerminal: Ask = async (question, fallback) => {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const cancelled = new Promise<never>((_resolve, reject) => {
    terminal.once('close', () => reject(new CancelledError('cancelled')))
  })
  try {
    const answer = await Promise.race([terminal.question(`${question} (${fallback}): `), cancelled])
    return answer.trim() || fallback
  } finally {
    terminal.close()
  }
}
