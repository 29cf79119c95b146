// Models that turn when they are dragged. One WebGL context draws all of them; each canvas keeps a copy of its picture.
// The canvases of one card turn together, from where the card's picture was taken.
(() => {
  const canvases = [...document.querySelectorAll("canvas.model")];
  const gl = document.createElement("canvas").getContext("webgl2", { preserveDrawingBuffer: true });
  if (!gl || !window.DecompressionStream) return canvases.forEach((c) => c.closest("figure").remove());

  const VERTEX = `#version 300 es
    uniform mat3 turn; in vec3 place; in vec3 colour; out vec3 seen; out vec3 tint;
    void main() { seen = turn * place; tint = colour; gl_Position = vec4(seen.xy, -0.5 * seen.z, 1.0); }`;
  const FRAGMENT = `#version 300 es
    precision highp float; in vec3 seen; in vec3 tint; out vec4 pixel;
    void main() {
      float facing = abs(normalize(cross(dFdx(seen), dFdy(seen))).z);
      pixel = vec4(tint * (0.45 + 0.55 * facing), 1.0);
    }`;
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.enable(gl.DEPTH_TEST);

  async function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  function upload(data, verts) {  // places int16 x 3, colours uint8 x 3, corners uint32
    const padding = (4 - (verts % 4)) % 4;
    const model = { array: gl.createVertexArray(), corners: (data.byteLength - 9 * verts - padding) / 4 };
    gl.bindVertexArray(model.array);
    const attribute = (name, start, length, kind) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, new Uint8Array(data, start, length), gl.STATIC_DRAW);
      const where = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(where);
      gl.vertexAttribPointer(where, 3, kind, true, 0, 0);
    };
    attribute("place", 0, 6 * verts, gl.SHORT);
    attribute("colour", 6 * verts, 3 * verts, gl.UNSIGNED_BYTE);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, new Uint8Array(data, data.byteLength - 4 * model.corners), gl.STATIC_DRAW);
    return model;
  }

  function draw(canvas, model, { yaw, pitch }) {
    const side = Math.round(canvas.clientWidth * devicePixelRatio) || 192;
    canvas.width = canvas.height = gl.canvas.width = gl.canvas.height = side;
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    gl.viewport(0, 0, side, side);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniformMatrix3fv(gl.getUniformLocation(program, "turn"), false,
      [cy, -sp * sy, cp * sy, 0, cp, sp, -sy, -sp * cy, cp * cy]);
    gl.bindVertexArray(model.array);
    gl.drawElements(gl.TRIANGLES, model.corners, gl.UNSIGNED_INT, 0);
    canvas.getContext("2d").drawImage(gl.canvas, 0, 0);
  }

  document.querySelectorAll(".models").forEach(async (card) => {
    const shown = [];
    const view = { yaw: +card.dataset.yaw, pitch: +card.dataset.pitch };
    const redraw = () => shown.forEach(([canvas, model]) => draw(canvas, model, view));
    for (const canvas of card.querySelectorAll("canvas.model")) {
      shown.push([canvas, upload(await unpack(canvas.dataset.model), +canvas.dataset.verts)]);
      canvas.onpointerdown = (event) => canvas.setPointerCapture(event.pointerId);
      canvas.onpointermove = (event) => {
        if (!event.buttons) return;
        view.yaw -= event.movementX / 100;
        view.pitch = Math.min(1.57, Math.max(-1.57, view.pitch + event.movementY / 100));
        redraw();
      };
    }
    redraw();
    addEventListener("resize", redraw);
  });
})();
