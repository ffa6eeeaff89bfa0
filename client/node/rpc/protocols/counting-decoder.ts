/** Reports the enveloped messages of a response as they are read. */
import type { Message } from '@bufbuild/protobuf'
import { ENVELOPE_PREFIX_BYTES } from '../../../../wire/envelope.ts'
import type { MessageDecoder } from '../../../../wire/envelope-reader.ts'
import type { AttemptReport } from '../call-report.ts'

/**
 * Returns a decoder that reports the size of each message.
 *
 * @param receivedBytes returns the octets read so far, including the current message
 */
export function countingDecoder(
  decoder: MessageDecoder<Message>,
  report: AttemptReport,
  receivedBytes: () => number,
): MessageDecoder<Message> {
  let seenBytes = 0
  return {
    copiesOctets: decoder.copiesOctets === true,
    decode(data, start = 0, end = data.length) {
      const bodyBytes = receivedBytes() - seenBytes
      seenBytes += bodyBytes
      report.onReceived({ wireBytes: bodyBytes - ENVELOPE_PREFIX_BYTES, bytes: end - start, bodyBytes })
      return decoder.decode(data, start, end)
    },
  }
}
