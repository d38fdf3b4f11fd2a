export function bullets(lines) {
  return lines.map((line) => `- ${line}`).join('\n')
}
export const count = (text) => text.split('\n').filter((line) => line.startsWith('- ')).length
