package forkcheck_test
import ("testing";"fmt";"os";"sync";"flag";"time";"strings"
"forkcheck";"forkcheck/model")
var zzChecks=flag.Int("zz.checks",2000,"")
var zzMin=flag.Bool("zz.min",false,"")
var zzMatch=flag.String("zz.match","","")
var zzList=flag.String("zz.list","","")
func TestZZSurvey(t *testing.T){
	if os.Getenv("ZZ")=="" {t.Skip()}
	k,err:=forkcheck.NewKiller(forkcheck.KillOptions{Checks:*zzChecks})
	if err!=nil{t.Fatal(err)}
	defer k.Close()
	only:=""
	if *zzList!="" { b,_:=os.ReadFile(*zzList); only="\n"+string(b)+"\n"}
	var mu sync.Mutex
	out,_:=os.Create("/tmp/survey.txt")
	t.Run("g",func(t *testing.T){
	for _,v:=range []string{"v3.11","v6.x"}{
	 for _,m:=range model.Mutants(v){
	  if !strings.Contains(m.Name,*zzMatch)|| only!="" && !strings.Contains(only,"\n"+m.Name+"\n"){continue}
	  t.Run(m.Name,func(t *testing.T){ t.Parallel()
	   st:=time.Now()
	   var f *forkcheck.Failure; var err error
	   if *zzMin { f,err=k.Kill(&m) } else { f,err=forkcheck.Check(t,forkcheck.CheckOptions{Version:m.New()}) }
	   mu.Lock(); defer mu.Unlock()
	   if f==nil { fmt.Fprintf(out,"SURV %s [%s] %v %v\n",m.Name,m.Operator,err,time.Since(st)); return}
	   fmt.Fprintf(out,"%d %s %s %v",f.Checks,m.Name,f.Breach.Invariant.Name,time.Since(st))
	   if *zzMin { fmt.Fprintf(out," len=%d %v",len(f.Ops),f.Certificate) }
	   fmt.Fprintln(out)
	  })
	 }}
	})
}
