"""The page at `/`: one file, from the camera alone, nothing of it from elsewhere.

Its script and style run because the policy names their SHA-256; the tests compare them. Who may frame it
is said by the Guard.
"""

PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Camera</title>
<link rel="icon" href="data:,">
<style>
:root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--ink:#16191d;--dim:#5b636e;--line:#dde1e6;--go:#0a66c2;--on:#fff;--ok:#1a7f45;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--bg:#0f1215;--card:#191d22;--ink:#e9ecef;--dim:#98a2ae;--line:#2c333b;--go:#6cb2ff;--on:#06121f;--ok:#5cd08d;--bad:#ff8f86}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.45 system-ui,sans-serif}
header,main{max-width:1180px;margin:auto;padding:14px 18px}
header{display:flex;gap:12px;align-items:center}
h1{font-size:1.2rem;margin:0;flex:1;overflow-wrap:anywhere}
h2{font-size:.95rem;margin:0 0 8px}
#state{font-size:.85rem;color:var(--dim)}
#state:before{content:"";display:inline-block;width:9px;height:9px;border-radius:9px;margin-right:7px;background:var(--dim)}
#state.ok:before{background:var(--ok)}
#state.bad:before{background:var(--bad)}
main{display:grid;gap:18px;padding-top:0;align-items:start}
@media(min-width:860px){main{grid-template-columns:1fr 310px}}
figure{margin:0;position:relative;background:#08090a;border-radius:14px;overflow:hidden;aspect-ratio:4/3}
figure img{width:100%;height:100%;object-fit:contain;display:block}
#say{position:absolute;inset:0;display:grid;place-content:center;padding:24px;text-align:center;color:#fff;background:#0b0d0fd9;white-space:pre-line}
[hidden]{display:none!important}
section{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:14px 16px;margin-bottom:16px}
.row{display:flex;gap:10px;margin-top:12px}
button{flex:1;font:inherit;font-weight:600;padding:11px;border-radius:10px;border:1px solid var(--go);background:none;color:var(--go);cursor:pointer}
#shot{background:var(--go);color:var(--on)}
:focus-visible{outline:3px solid var(--go);outline-offset:2px}
label{display:grid;grid-template-columns:1fr 130px 34px;gap:8px;align-items:center;min-height:38px}
input{accent-color:var(--go);width:100%;margin:0}
input[type=checkbox]{width:20px;height:20px}
select{font:inherit;width:100%;padding:5px;grid-column:2/4;border-radius:8px;border:1px solid var(--line);background:var(--bg);color:inherit}
output{text-align:right;font-variant-numeric:tabular-nums;color:var(--dim)}
dl{display:grid;grid-template-columns:auto 1fr;gap:4px 14px;margin:0;font-size:.9rem}
dt{color:var(--dim)}
dd{margin:0;text-align:right;overflow-wrap:anywhere}
#note,#faults{color:var(--bad);margin:0}
#faults{font-size:.9rem;white-space:pre-line;overflow-wrap:anywhere}
</style>
<header><h1 id="name">Camera</h1><span id="state" role="status">Connecting</span></header>
<main>
<div>
<figure><img id="view" alt="Live picture of the camera" hidden><p id="say" role="alert">Connecting to the camera</p></figure>
<div class="row"><button id="shot">Save a picture</button><button id="hold">Pause</button></div>
</div>
<div>
<section><h2>Picture</h2><div id="form"></div><p id="note" role="alert"></p></section>
<section><h2>Status</h2><dl id="facts"></dl><p id="faults"></p></section>
</div>
</main>
<script>
"use strict";
const $=id=>document.getElementById(id),view=$("view");
let live=false,held=false,last=0,shown="";
function say(text){$("say").textContent=text;$("say").hidden=!text}
function mark(kind,text){if($("state").textContent!==text)$("state").textContent=text;$("state").className=kind}
function note(text){$("note").textContent=text}
async function call(path,body){
const r=await fetch(path,body?{method:"PUT",body:JSON.stringify(body),headers:{"Content-Type":"application/json"}}:{});
if(r.headers.get("Content-Type")==="image/jpeg")return r.blob();
const text=await r.text();let j={};try{j=JSON.parse(text)}catch{}
if(!r.ok)throw Error(j.error?j.error+(j.remedy?"; "+j.remedy:""):text||"Error "+r.status);
return j}
function why(e){return e instanceof TypeError?"The camera does not answer.":e.message}
function play(){if(held)return;live=true;last=Date.now();view.hidden=false;view.src="/api/stream?n="+last}
function stop(){live=false;view.removeAttribute("src");view.hidden=true}
view.onerror=()=>{if(live){stop();poll()}};
$("hold").onclick=()=>{held=!held;$("hold").textContent=held?"Resume":"Pause";if(held){stop();say("Paused")}else{say("");play()}};
$("shot").onclick=async()=>{try{const a=document.createElement("a");a.href=URL.createObjectURL(await call("/api/capture"));
a.download="camera-"+new Date().toISOString().slice(0,19).replace(/:/g,"")+".jpg";a.click();setTimeout(()=>URL.revokeObjectURL(a.href),9e3);note("")}catch(e){note(why(e))}};
function time(s){const d=s/86400|0;return(d?d+" d ":"")+new Date(s%86400*1e3).toISOString().slice(11,19)}
function facts(s){const c=s.clients,f=[["Board",s.board],["Firmware",s.firmware],["MicroPython",s.micropython],
["Up",s.uptime_s>=0&&time(s.uptime_s)],["Free memory",s.heap&&Math.round(s.heap.free/1024)+" KB"],["Pictures",s.frames.captured],
["Viewers",c.viewers+" of "+c.viewers_max],["Policy",s.policy&&s.policy.state]];
$("facts").replaceChildren(...f.filter(x=>x[1]||x[1]===0).flatMap(x=>x.map((t,i)=>{const e=document.createElement(i?"dd":"dt");e.textContent=t;return e})))}
async function poll(){try{const s=await call("/api/status"),c=s.clients;
document.title=$("name").textContent=s.network&&s.network.name||s.camera.name;facts(s);
$("faults").textContent=(s.faults||[]).join("\\n");
await settings(s.camera.led);
if(held)return mark("","Paused");
if(live&&!c.viewers&&Date.now()-last>4e3)stop();
if(!live&&c.viewers>=c.viewers_max){mark("bad","No free place");return say("The viewer places are taken ("+c.viewers_max+").\\nThe picture comes when one gets free.")}
if(!live)play();
mark(s.camera.error?"bad":"ok",s.camera.error?"No picture":"Live");
say(s.camera.error?"The camera gives no picture:\\n"+s.camera.error:"")}
catch(e){stop();mark("bad","Offline");say(why(e)+"\\nIt is asked again every few seconds.")}}
function row(name,kind,range,value,send){const l=document.createElement("label"),i=document.createElement(kind),o=document.createElement("output");
l.append(name[0].toUpperCase()+name.slice(1),i);
if(kind==="select")for(const v of range.values)i.add(new Option(v,v,v===value,v===value));
else if(range.values){i.type="checkbox";i.checked=value}
else{i.type="range";i.min=range.min;i.max=range.max;i.value=value;o.value=value;l.append(o);i.oninput=()=>o.value=i.value}
i.onchange=async()=>{try{await send(kind==="select"?range.values[i.selectedIndex]:range.values?i.checked:+i.value);note("")}catch(e){shown="";note(why(e))}};
$("form").append(l)}
async function settings(led){const c=await call("/api/camera"),now=JSON.stringify([c,led]);
if(now===shown||$("form").contains(document.activeElement))return;
shown=now;$("form").replaceChildren();
for(const n in c.ranges){const r=c.ranges[n],bool=r.values&&r.values.every(v=>typeof v==="boolean");
row(n.replace(/_/g," "),r.values&&!bool?"select":"input",r,c[n],v=>call("/api/camera",{[n]:v}))}
row("lamp","input",{min:0,max:100},led,v=>call("/api/led",{level:v}))}
poll();setInterval(poll,3e3);
</script>
"""

_STYLE_HASH = "sha256-oJY/BI5S1QyTviNyj+4FUixRsc2V0EjhhGvn4ALD3GI="
_SCRIPT_HASH = "sha256-+nnsBXbjZsX3qX1lBwN8HJL92NuZBDqzJmrTLuWaJ9s="

HEADERS = {
    "Content-Type": "text/html; charset=UTF-8",
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
        "style-src '" + _STYLE_HASH + "'; script-src '" + _SCRIPT_HASH + "'; "
        "base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
