/** What lies between a message of a topic and the one before. */
import type { GetStreamResponse } from '../../public.ts'

/**
 * Tells whether the line of a chart breaks before a message: the server began to count anew, or messages are missing.
 *
 * @param hasEarlier whether the page has seen one of the topic before
 */
export function breakBefore({ reset, missed }: GetStreamResponse, hasEarlier: boolean): 'gap' | 'restart' | undefined {
  if (!hasEarlier) return undefined
  if (reset) return 'restart'
  return missed > 0n ? 'gap' : undefined
}
