export default function Soon() {
  return <h1>x</h1>
}
