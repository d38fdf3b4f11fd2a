// A default function without a word on itself: it is listed by its file.
export default async function (args) {
  const { a = 1, b = 2 } = args ?? {}
  return { sum: a + b, said: await agent('Add [say:yes]') }
}
