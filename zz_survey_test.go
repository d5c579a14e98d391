package forkcheck_test
import ("testing";"fmt";"os";"sync";"flag";"time";"strings"
"forkcheck";"forkcheck/model")
var zzChecks=flag.Int("zz.checks",2000,"")
var zzMatch=flag.String("zz.match","","")
func TestZZSurvey(t *testing.T){
 if os.Getenv("ZZ")=="" {t.Skip()}
 setRapid(t, map[string]string{"checks": fmt.Sprint(*zzChecks), "steps": "30", "seed": "1", "nofailfile": "true", "failfile": "", "shrinktime": "0s"})
 var mu sync.Mutex
 out,_:=os.Create("/tmp/survey.txt")
 t.Run("g",func(t *testing.T){
 for _,v:=range []string{"v3.11","v6.x"}{
  for _,m:=range model.Mutants(v){
   if !strings.Contains(m.Name,*zzMatch){continue}
   t.Run(m.Name,func(t *testing.T){ t.Parallel()
    st:=time.Now()
    f,err:=forkcheck.Check(t,forkcheck.CheckOptions{Version:m.New()})
    mu.Lock(); defer mu.Unlock()
    if f==nil { fmt.Fprintf(out,"SURV %s [%s] %v %v\n",m.Name,m.Operator,err,time.Since(st)); return}
    fmt.Fprintf(out,"%d %s %s %v\n",f.Checks,m.Name,f.Breach.Invariant.Name,time.Since(st))
   })
  }}
 })
}
